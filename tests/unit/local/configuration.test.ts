import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { authority, banner, firstLogin } from '../../../local/banner.ts';
import { accountsSql } from '../../../local/mariadb.ts';
import { localConfiguration } from '../../../local/mosquitto.ts';

describe('the private Mosquitto: its configuration', () => {
  const shipped = readFileSync(new URL('../../../mosquitto/mosquitto.conf', import.meta.url), 'utf8');

  it('replaces the values that belong to a machine, in their places', () => {
    const text = localConfiguration('a 1\n# b 2\nb 2\n', { b: '3' });
    assert.equal(text, 'a 1\n# b 2\nb 3\n\n');
  });

  it('adds what the shipped file does not have', () => {
    assert.match(localConfiguration('a 1', { user: 'root' }), /^a 1\nuser root\n$/);
  });

  it('finds each value that a private server replaces in the shipped file', () => {
    for (const key of ['listener', 'plugin', 'plugin_opt_config_file', 'acl_file', 'persistence_location']) {
      assert.match(shipped, new RegExp(`^${key} `, 'm'));
    }
  });

  it('admits nobody without a name', () => {
    assert.match(shipped, /^allow_anonymous false$/m);
  });
});

describe('the private MySQL: its accounts', () => {
  it('gives the flows rows and nothing else', () => {
    const grants = accountsSql('owner', 'flows')
      .split('\n')
      .filter((line) => line.startsWith('GRANT') && line.includes('cauce_flows'));
    assert.deepEqual(grants, [
      `GRANT SELECT, INSERT, UPDATE, DELETE ON cauce.* TO 'cauce_flows'@'127.0.0.1';`,
    ]);
  });
});

describe('what make run prints', () => {
  const facts = {
    dataDir: '/data',
    http: { host: '0.0.0.0', port: 1880 },
    mqttUrl: 'mqtt://cauce:secret-word@127.0.0.1:1883',
  };

  it('names addresses that work on this machine', () => {
    assert.match(banner(facts), /http:\/\/127\.0\.0\.1:1880\/editor/);
    assert.match(banner(facts), /mqtt:\/\/127\.0\.0\.1:1883/);
  });

  it('shows no password of a server', () => {
    assert.doesNotMatch(banner(facts), /secret-word/);
  });

  it('writes an IPv6 address in brackets', () => {
    assert.equal(authority('::1', 1880), '[::1]:1880');
    assert.equal(authority('::', 1880), '127.0.0.1:1880');
  });

  it('shows the first login', () => {
    assert.match(firstLogin({ email: 'a@b.c', password: 'xyz' }), /a@b\.c[\s\S]+xyz/);
  });
});
