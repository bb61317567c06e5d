import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { loadSecrets, toKey } from '../../../runtime/secrets.ts';
import { temporaryDirectory } from '../temporary.ts';

describe('loadSecrets', () => {
  const directory = temporaryDirectory();
  const dataDir = () => join(directory(), 'data');
  const file = () => join(dataDir(), 'secrets.json');

  it('makes secrets up once, for the owner of the files only', () => {
    const first = loadSecrets(dataDir(), {});
    assert.deepEqual(loadSecrets(dataDir(), {}), first);
    assert.equal(statSync(file()).mode & 0o777, 0o600);
    assert.equal(statSync(dataDir()).mode & 0o777, 0o700);
    assert.equal(first.secretsKey.length, 32);
  });

  it('lets the environment win, where it is not empty', () => {
    const kept = loadSecrets(dataDir(), {});
    const env = { PROVISION_PASSWORD: 'mine', JWT_SECRET: '' };
    assert.deepEqual(loadSecrets(dataDir(), env), {
      ...kept,
      provisionPassword: 'mine',
      weak: ['PROVISION_PASSWORD'],
    });
    assert.doesNotMatch(readFileSync(file(), 'utf8'), /mine/);
  });

  it('adds a secret that an older version did not know, and keeps the others', () => {
    const kept = loadSecrets(dataDir(), {});
    const { PROVISION_PASSWORD: _, ...older } = JSON.parse(readFileSync(file(), 'utf8'));
    writeFileSync(file(), JSON.stringify(older));
    const now = loadSecrets(dataDir(), {});
    assert.equal(now.jwtSecret, kept.jwtSecret);
    assert.notEqual(now.provisionPassword, kept.provisionPassword);
  });

  it('refuses a damaged file instead of making up new keys', () => {
    loadSecrets(dataDir(), {});
    writeFileSync(file(), '{"JWT_SECRET":');
    assert.throws(() => loadSecrets(dataDir(), {}), /secrets\.json is not JSON/);
  });

  it('stretches a JWT_SECRET that is shorter than its hash, the same way each time, and calls it weak', () => {
    const first = loadSecrets(dataDir(), { JWT_SECRET: 'short' });
    assert.ok(Buffer.byteLength(first.jwtSecret) >= 32);
    assert.equal(loadSecrets(dataDir(), { JWT_SECRET: 'short' }).jwtSecret, first.jwtSecret);
    assert.deepEqual(first.weak, ['JWT_SECRET']);
  });

  it('gives processes that start together the same secrets', async () => {
    const module = new URL('../../../runtime/secrets.ts', import.meta.url).href;
    const script = `import { loadSecrets } from '${module}';
      console.log(loadSecrets(process.argv[1], {}).jwtSecret)`;
    const run = promisify(execFile);
    const starts = Array.from({ length: 4 }, () =>
      run(process.execPath, ['--input-type=module', '-e', script, dataDir()]),
    );
    const secrets = (await Promise.all(starts)).map(({ stdout }) => stdout);
    assert.equal(new Set(secrets).size, 1);
  });
});

describe('toKey', () => {
  it('takes 32 bytes in hex or base64 as they are and stretches anything else', () => {
    const key = Buffer.alloc(32, 7);
    assert.deepEqual(toKey(key.toString('hex')), key);
    assert.deepEqual(toKey(key.toString('base64')), key);
    assert.equal(toKey('a passphrase').length, 32);
    assert.notDeepEqual(toKey('a passphrase'), toKey('another passphrase'));
  });
});
