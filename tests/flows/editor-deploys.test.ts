import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FlowNode, serialise } from '../../runtime/flow-storage/document.ts';
import { debug, FLOWS, tab, useEditorRuntime } from '../support/editor-runtime.ts';

describe('deploys from the editor', function () {
  this.timeout(60_000);
  const editorRuntime = useEditorRuntime();
  const { dataDir, file, read, contents, start } = editorRuntime;

  it('change the file of the tab that was touched, and no other', async () => {
    const editor = await start();
    const before = contents();
    const { flows, rev } = await editor.flows();
    const edited = flows.map((node) => (node.id === 'one-in' ? { ...node, name: 'Start' } : node));
    assert.equal((await editor.deploy({ flows: edited.reverse(), rev })).status, 200);

    const after = contents();
    assert.equal(after['one.json'], before['one.json']?.replace('"name": "one-in"', '"name": "Start"'));
    // The order of the list is the order of the tabs, which was turned round.
    assert.deepEqual(after, { ...before, 'one.json': after['one.json'], 'tabs.json': '["two", "one"]\n' });
  });

  it('add and remove files with their tabs, and the next start has them all', async () => {
    const editor = await start();
    const { flows } = await editor.flows();
    const kept = flows.filter(({ id, z }) => id !== 'two' && z !== 'two');
    const generated = 'fedcba9876543210';
    const deployed = [...kept, tab(generated, 'New things'), debug('new', generated)];
    assert.equal((await editor.deploy({ flows: deployed })).status, 200);
    assert.deepEqual(Object.keys(contents()).sort(), [
      'config.json',
      'new-things.json',
      'one.json',
      'subflow-twice.json',
      'tabs.json',
    ]);

    await editorRuntime.runtime!.stop();
    const again = await start();
    const byId = (nodes: FlowNode[]) => [...nodes].sort((a, b) => (a.id < b.id ? -1 : 1));
    assert.deepEqual(byId((await again.flows()).flows), byId(deployed));
  });

  it('keep a password that was typed in sealed, and use it after a restart', async () => {
    const editor = await start();
    const { flows } = await editor.flows();
    const typed = { user: 'someone', password: 'hunter22' };
    const withPassword = flows.map((node) => (node.id === 'db' ? { ...node, credentials: typed } : node));
    assert.equal((await editor.deploy({ flows: withPassword })).status, 200);

    const sealed = join(dataDir(), 'credentials.json');
    assert.doesNotMatch(JSON.stringify(contents()) + readFileSync(sealed, 'utf8'), /hunter22|someone/);
    assert.equal(statSync(sealed).mode & 0o777, 0o600);
    await editorRuntime.runtime!.stop();
    const again = await start();
    const credentials = await (await again.get('credentials/MySQLdatabase/db')).json();
    assert.deepEqual(credentials, { user: 'someone', has_password: true });
  });

  it('are refused when the file was changed outside, until that change is loaded', async () => {
    const editor = await start();
    const { flows } = await editor.flows();
    const mine = flows.map((node) => (node.id === 'one' ? { ...node, label: 'mine' } : node));
    const pulled = serialise(
      FLOWS['one.json']!.map((node) => ({ ...node, ...(node.id === 'one' && { info: 'pulled' }) })),
    );
    writeFileSync(file('one.json'), pulled);

    const refused = await editor.deploy({ flows: mine });
    assert.equal(refused.status, 400);
    const problem = (await refused.json()) as { code: string; message: string };
    assert.equal(problem.code, 'flows_changed_on_disk');
    assert.match(problem.message, /one\.json was changed outside the editor/);
    assert.equal(read('one.json'), pulled);

    assert.equal((await editor.deploy({}, 'reload')).status, 200);
    const { flows: loaded } = await editor.flows();
    assert.equal(loaded.find(({ id }) => id === 'one')?.info, 'pulled');
    const merged = loaded.map((node) => (node.id === 'one' ? { ...node, label: 'mine' } : node));
    assert.equal((await editor.deploy({ flows: merged })).status, 200);
    assert.match(read('one.json'), /"mine"/);
  });

  it('from disk are refused while a file is broken, and nothing is lost', async () => {
    const editor = await start();
    const intact = read('two.json');
    writeFileSync(file('two.json'), intact.slice(0, -10));
    const before = contents();
    const refused = await editor.deploy({}, 'reload');
    assert.equal(refused.status, 400);
    assert.match(((await refused.json()) as { message: string }).message, /two\.json:\d+:\d+/);
    await editor.deploy({ flows: [] });
    assert.deepEqual(contents(), before);

    writeFileSync(file('two.json'), intact);
    assert.equal((await editor.deploy({}, 'reload')).status, 200);
    assert.equal((await editor.flows()).flows.length, Object.values(FLOWS).flat().length);
  });
});
