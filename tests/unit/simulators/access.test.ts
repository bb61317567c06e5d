import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { apiLogin, provisionPassword } from '../../../simulators/access.ts';

const noTerminal = { isTTY: false } as NodeJS.ReadStream;

describe('simulators: access', () => {
  let dataDir: string;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'cauce-access-'));
  });
  afterEach(() => rm(dataDir, { recursive: true, force: true }));

  it('takes the password of "provision" from the environment before that of the running system', async () => {
    await writeFile(join(dataDir, 'secrets.json'), JSON.stringify({ PROVISION_PASSWORD: 'kept' }));
    assert.equal(await provisionPassword({ PROVISION_PASSWORD: 'given' }, dataDir), 'given');
    assert.equal(await provisionPassword({}, dataDir), 'kept');
  });

  it('says which setting is missing instead of trying a default password', async () => {
    await assert.rejects(provisionPassword({}, dataDir), /PROVISION_PASSWORD/);
    await assert.rejects(apiLogin({}, dataDir, noTerminal), /ADMIN_PASSWORD/);
  });

  it('logs in with what the environment names', async () => {
    const env = { ADMIN_EMAIL: 'ana@example.org', ADMIN_PASSWORD: 'given' };
    assert.deepEqual(await apiLogin(env, dataDir, noTerminal), {
      email: 'ana@example.org',
      password: 'given',
    });
  });

  it('logs in with the first login, where a runtime without a terminal has left it', async () => {
    await writeFile(join(dataDir, 'first-login.txt'), 'admin@cauce.local\nmade-up\n');
    const login = await apiLogin({}, dataDir, noTerminal);
    assert.deepEqual(login, { email: 'admin@cauce.local', password: 'made-up' });
  });
});
