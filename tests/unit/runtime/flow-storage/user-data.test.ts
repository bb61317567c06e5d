import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { openUserData } from '../../../../runtime/flow-storage/user-data.ts';
import { temporaryDirectory } from '../../temporary.ts';

describe('the editor’s own data', () => {
  const directory = temporaryDirectory();
  const open = () => openUserData(join(directory(), 'node-red'));

  it('is empty at first and kept from then on', async () => {
    assert.deepEqual(await open().getSettings(), {});
    await open().saveSettings({ nodes: { a: 1 } });
    assert.deepEqual(await open().getSettings(), { nodes: { a: 1 } });
  });

  it('lets nobody but its owner read the sessions', async () => {
    await open().saveSessions({ token: { user: 'a' } });
    assert.deepEqual(await open().getSessions(), { token: { user: 'a' } });
    assert.equal(statSync(join(directory(), 'node-red/sessions.json')).mode & 0o777, 0o600);
  });

  it('keeps library entries and lists folders', async () => {
    const data = open();
    await data.saveLibraryEntry(
      'functions',
      'shapes/round.js',
      { name: 'round', outputs: 1 },
      'return msg;\n',
    );
    assert.equal(await data.getLibraryEntry('functions', 'shapes/round.js'), 'return msg;\n');
    assert.deepEqual(await data.getLibraryEntry('functions', '/'), ['shapes']);
    assert.deepEqual(await data.getLibraryEntry('functions', 'shapes'), [
      { fn: 'round.js', name: 'round', outputs: 1 },
    ]);
    assert.deepEqual(await data.getLibraryEntry('flows', ''), []);
  });

  it('stays inside the library', async () => {
    await assert.rejects(open().saveLibraryEntry('functions', '../../../out', {}, 'x'), /leaves the library/);
    await assert.rejects(open().getLibraryEntry('..', '../secrets'), /leaves the library/);
  });
});
