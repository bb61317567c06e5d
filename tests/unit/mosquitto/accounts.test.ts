import assert from 'node:assert/strict';
import { pbkdf2Sync } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureAccounts } from '../../../mosquitto/accounts.ts';
import { temporaryDirectory } from '../temporary.ts';

describe('ensureAccounts', () => {
  const directory = temporaryDirectory();
  const file = () => join(directory(), 'dynamic-security.json');
  const read = () => JSON.parse(readFileSync(file(), 'utf8'));
  const client = (username: string) => read().clients.find((entry: any) => entry.username === username);

  function accepts(username: string, password: string): boolean {
    const { password: hash, salt, iterations } = client(username);
    const key = pbkdf2Sync(password, Buffer.from(salt, 'base64'), iterations, 64, 'sha512');
    return key.toString('base64') === hash;
  }

  it('makes a file that denies by default, for the eyes of its owner only', () => {
    ensureAccounts(file(), { cauce: 'one', provision: 'two' });
    assert.deepEqual(read().defaultACLAccess, {
      publishClientSend: false,
      publishClientReceive: false,
      subscribe: false,
      unsubscribe: true,
    });
    assert.equal(statSync(file()).mode & 0o777, 0o600);
    assert.ok(accepts('cauce', 'one') && accepts('provision', 'two'));
    assert.ok(!accepts('cauce', 'two'));
  });

  it('contains no password', () => {
    ensureAccounts(file(), { cauce: 'a-clear-password' });
    assert.doesNotMatch(readFileSync(file(), 'utf8'), /a-clear-password/);
  });

  it('leaves a file that is as it should be untouched', () => {
    ensureAccounts(file(), { cauce: 'one' });
    const before = readFileSync(file());
    ensureAccounts(file(), { cauce: 'one' });
    assert.deepEqual(readFileSync(file()), before);
  });

  it('changes one password and leaves vehicles and what else the plugin keeps alone', () => {
    ensureAccounts(file(), { cauce: 'one', provision: 'two' });
    const known = read();
    known.clients.push({ username: 'truck-1', password: 'x', salt: 'y', iterations: 101, roles: [] });
    known.groups.push({ groupname: 'fleet' });
    writeFileSync(file(), JSON.stringify(known));
    ensureAccounts(file(), { cauce: 'new', provision: 'two' });
    assert.ok(accepts('cauce', 'new') && accepts('provision', 'two'));
    assert.equal(client('truck-1').salt, 'y');
    assert.deepEqual(read().groups, [{ groupname: 'fleet' }]);
    assert.equal(read().clients.length, 3);
  });

  it('enables an account of ours that was disabled', () => {
    ensureAccounts(file(), { cauce: 'one' });
    const known = read();
    known.clients[0].disabled = true;
    writeFileSync(file(), JSON.stringify(known));
    ensureAccounts(file(), { cauce: 'one' });
    assert.equal(client('cauce').disabled, undefined);
  });

  for (const [what, content] of [
    ['is cut off', '{"clients": [{"username": "truck-1"'],
    ['is something else', '"hello"'],
    ['is null', 'null'],
    ['is empty', ''],
  ] as const) {
    it(`sets a file aside that ${what}, and starts anew`, () => {
      writeFileSync(file(), content);
      const aside = ensureAccounts(file(), { cauce: 'one' });
      assert.equal(readFileSync(aside!, 'utf8'), content);
      assert.ok(accepts('cauce', 'one'));
    });
  }

  it('leaves no draft behind', () => {
    ensureAccounts(file(), { cauce: 'one' });
    assert.ok(!existsSync(`${file()}.draft`));
  });
});
