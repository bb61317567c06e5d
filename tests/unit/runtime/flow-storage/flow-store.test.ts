import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { writeFileAtomically } from '../../../../runtime/files.ts';
import type { FlowNode } from '../../../../runtime/flow-storage/document.ts';
import { openFlowStore } from '../../../../runtime/flow-storage/flow-store.ts';
import { openJournal } from '../../../../runtime/flow-storage/journal.ts';
import { temporaryDirectory } from '../../temporary.ts';
import { anyFlows } from './any-flows.ts';

const key = Buffer.alloc(32, 1);
const tab = (id: string, label = id): FlowNode => ({ id, type: 'tab', label });
const node = (id: string, z: string, name = id): FlowNode => ({
  id,
  type: 'debug',
  z,
  name,
  x: 0,
  y: 0,
  wires: [],
});
const byId = (flows: readonly FlowNode[]) => [...flows].sort((a, b) => (a.id < b.id ? -1 : 1));
const tabsOf = (flows: readonly FlowNode[]) => flows.filter(({ type }) => type === 'tab').map(({ id }) => id);

describe('the flow store', () => {
  const directory = temporaryDirectory();
  const flowsDir = () => join(directory(), 'flows');
  const dataDir = () => join(directory(), 'data');
  const file = (name: string) => join(flowsDir(), name);
  const names = () => readdirSync(flowsDir()).sort();

  function open(journal?: ReturnType<typeof openJournal>) {
    mkdirSync(dataDir(), { recursive: true });
    const store = openFlowStore({
      flowsDir: flowsDir(),
      dataDir: dataDir(),
      key,
      ...(journal && { journal }),
    });
    return { ...store, loaded: store.load() };
  }

  function saved(...flows: FlowNode[]) {
    const store = open();
    store.save(flows);
    return store;
  }

  it('gives back what was saved, whatever that was', () => {
    fc.assert(
      fc.property(fc.array(anyFlows(), { minLength: 1, maxLength: 4 }), (deploys) => {
        rmSync(flowsDir(), { recursive: true, force: true });
        const store = open();
        for (const flows of deploys) {
          store.save(flows);
          const { flows: loaded } = open().loaded;
          assert.deepEqual(byId(loaded), byId(flows));
          assert.deepEqual(tabsOf(loaded), tabsOf(flows));
        }
      }),
      { numRuns: 150 },
    );
  });

  it('writes nothing when what was loaded is saved', () => {
    fc.assert(
      fc.property(anyFlows(), (flows) => {
        rmSync(flowsDir(), { recursive: true, force: true });
        open().save(flows);
        const before = names().map((name) => statSync(file(name)).ino);
        const store = open();
        store.save(store.loaded.flows);
        assert.deepEqual(
          names().map((name) => statSync(file(name)).ino),
          before,
        );
      }),
      { numRuns: 50 },
    );
  });

  it('names files after readable ids, else after labels, and follows a label', () => {
    const generated = '0123456789abcdef';
    const store = saved(tab(generated, 'Mi café №1'), tab('vehicles', 'Vehicles'));
    assert.deepEqual(names(), ['mi-cafe-no1.json', 'vehicles.json']);
    store.save([tab(generated, 'Bar'), tab('vehicles', 'Fleet')]);
    assert.deepEqual(names(), ['bar.json', 'vehicles.json']);
  });

  it('gives tabs that would share a name, or take a reserved one, names of their own', () => {
    const twins = [
      tab('0123456789abcdef', 'Config'),
      tab('0123456789abcdee', 'A'),
      tab('0123456789abcded', 'a'),
    ];
    saved(...twins);
    assert.deepEqual(open().loaded.flows.length, 3);
    assert.deepEqual(names(), [
      'a-0123456789abcded.json',
      'a.json',
      'config-0123456789abcdef.json',
      'tabs.json',
    ]);
  });

  it('leaves the bytes of other tabs alone, canonical or not', () => {
    mkdirSync(flowsDir());
    const handwritten = '[{"type":"tab","id":"hand","label":"hand"}]';
    writeFileSync(file('by-hand.json'), handwritten);
    writeFileSync(file('other.json'), JSON.stringify([tab('other')]));
    const store = open();
    store.save([...store.loaded.flows, node('n', 'other')]);
    assert.equal(readFileSync(file('by-hand.json'), 'utf8'), handwritten);
    assert.match(readFileSync(file('other.json'), 'utf8'), /"id": "n"/);
  });

  it('removes the file of a tab that was deleted, and only that', () => {
    const store = saved(tab('a'), node('n', 'a'), tab('b'));
    store.save([tab('b')]);
    assert.deepEqual(names(), ['b.json']);
  });

  it('keeps the order in which the tabs stand in the editor', () => {
    const store = saved(tab('b'), tab('a'));
    assert.deepEqual(tabsOf(open().loaded.flows), ['b', 'a']);
    store.save([tab('b'), tab('a'), tab('c')]);
    assert.deepEqual(JSON.parse(readFileSync(file('tabs.json'), 'utf8')), ['b', 'a']);
    store.save([tab('c'), tab('b'), tab('a')]);
    assert.deepEqual(tabsOf(open().loaded.flows), ['c', 'b', 'a']);
  });

  it('refuses a deploy that could not be read back, and keeps what is there', () => {
    const store = saved(tab('a'), node('n', 'a'));
    assert.throws(() => store.save([tab('a'), node('n', 'a'), node('n', 'a')]), /'n' is used twice/);
    assert.throws(() => store.save([tab('a'), node('n', 'gone')]), /'n' stands on 'gone'/);
    assert.deepEqual(open().loaded.flows, [tab('a'), node('n', 'a')]);
  });

  describe('when somebody else edits the files meanwhile', () => {
    it('refuses to change a file that was changed, removed or created', () => {
      const store = saved(tab('a'), tab('b'), tab('c'));
      writeFileSync(file('a.json'), JSON.stringify([tab('a', 'pulled')]));
      rmSync(file('b.json'));
      writeFileSync(file('d.json'), JSON.stringify([tab('d', 'pulled')]));
      for (const flows of [
        [tab('a', 'mine'), tab('b'), tab('c')],
        [tab('a'), tab('b', 'mine'), tab('c')],
        [tab('b'), tab('c')],
        [tab('a'), tab('b'), tab('c'), tab('d', 'mine')],
      ]) {
        assert.throws(() => store.save(flows), { code: 'flows_changed_on_disk' });
      }
      assert.match(readFileSync(file('a.json'), 'utf8'), /pulled/);
    });

    it('keeps their change where the deploy has none, and says so', () => {
      const store = saved(tab('a'), tab('b'));
      writeFileSync(file('a.json'), JSON.stringify([tab('a', 'pulled')]));
      writeFileSync(file('c.json'), JSON.stringify([tab('c')]));
      assert.deepEqual(store.save([tab('a'), tab('b', 'mine')]).sort(), ['a.json', 'c.json']);
      assert.deepEqual(
        open().loaded.flows.map(({ label }) => label),
        ['pulled', 'mine', 'c'],
      );
    });

    it('refuses a deploy that together with their change could not be read back', () => {
      const store = saved(tab('a'), tab('b'));
      writeFileSync(file('a.json'), JSON.stringify([tab('a'), node('moved', 'a')]));
      assert.throws(() => store.save([tab('a'), tab('b'), node('moved', 'b')]), /'moved' is used before/);
      assert.equal(open().loaded.flows.length, 3);
    });

    it('deploys nothing while what is there cannot be loaded: the editor would send what it sees, nothing', () => {
      const store = saved(tab('a'), tab('b'));
      writeFileSync(file('new.json'), JSON.stringify([tab('a')]));
      assert.throws(() => store.load(), /'a' is used before/);
      assert.throws(() => store.save([]), /not loaded. new\.json:1:3: .*Mend that/);
      assert.deepEqual(names(), ['a.json', 'b.json', 'new.json']);
      rmSync(file('new.json'));
      store.load();
      assert.deepEqual(store.save([tab('a')]), []);
    });

    it('deploys again once their change is loaded', () => {
      const store = saved(tab('a'));
      writeFileSync(file('a.json'), JSON.stringify([tab('a', 'pulled')]));
      store.load();
      store.save([tab('a', 'mine')]);
      assert.equal(open().loaded.flows[0]!.label, 'mine');
    });
  });

  describe('when the machine stops in the middle of a deploy', () => {
    const before = [tab('a'), tab('b'), tab('c')];
    const after = [tab('a', 'new'), tab('b', 'new'), node('n', 'b'), tab('d')];
    const stop = new Error('power cut');

    function crashing(writes: number) {
      let left = writes;
      return openJournal(file('.deploy-journal'), (...write) => {
        if (left-- === 0) throw stop;
        writeFileAtomically(...write);
      });
    }

    it('has all of the deploy at the next start, or nothing of it', () => {
      for (let writes = 0; writes <= 5; writes++) {
        rmSync(flowsDir(), { recursive: true, force: true });
        saved(...before);
        const store = open(crashing(writes));
        store.stage({ n: { password: 'typed in' } });
        if (writes < 5) assert.throws(() => store.save(after), stop);
        else store.save(after);

        const { flows, credentials } = open().loaded;
        assert.deepEqual(byId(flows), byId(writes === 0 ? before : after), `after ${writes} writes`);
        assert.deepEqual(credentials, writes === 0 ? {} : { n: { password: 'typed in' } });
        assert.ok(!names().includes('.deploy-journal'));
        rmSync(dataDir(), { recursive: true });
      }
    });

    it('goes on from there when the process did not stop', () => {
      saved(...before);
      let broken = true;
      let writes = 0;
      const store = open(
        openJournal(file('.deploy-journal'), (...write) => {
          if (broken && ++writes === 3) throw new Error('no space left');
          writeFileAtomically(...write);
        }),
      );
      assert.throws(() => store.save(after), /no space left/);
      broken = false;
      store.save([...after, tab('e')]);
      assert.deepEqual(byId(open().loaded.flows), byId([...after, tab('e')]));
    });

    it('refuses to choose when a file was edited before the next start', () => {
      saved(...before);
      assert.throws(() => open(crashing(2)).save(after), stop);
      writeFileSync(file('b.json'), JSON.stringify([tab('b', 'pulled')]));
      assert.throws(() => open(), { code: 'flows_changed_on_disk', message: /b\.json was edited after/ });
      assert.match(readFileSync(file('b.json'), 'utf8'), /pulled/);
    });
  });

  describe('credentials', () => {
    const env = (name: string) => `\${${name}}`;
    const references = { db: { user: env('MYSQL_USER'), password: env('MYSQL_PASSWORD') } };
    const secrets = { mail: { user: env('MAIL_USER'), password: 'hunter22' } };
    const flows = [
      { id: 'db', type: 'MySQLdatabase' },
      { id: 'mail', type: 'mail' },
    ];

    it('are versioned where they are references, and sealed where anything is not', () => {
      const store = open();
      store.stage({ ...references, ...secrets });
      store.save(flows);
      assert.deepEqual(JSON.parse(readFileSync(file('credentials.json'), 'utf8')), references);
      const sealed = join(dataDir(), 'credentials.json');
      assert.doesNotMatch(readFileSync(sealed, 'utf8'), /hunter22|MAIL_USER/);
      assert.equal(statSync(sealed).mode & 0o777, 0o600);
      assert.deepEqual(open().loaded.credentials, { ...references, ...secrets });
    });

    it('are not written again when they are the same', () => {
      const store = open();
      store.stage(secrets);
      store.save(flows);
      const before = readFileSync(join(dataDir(), 'credentials.json'), 'utf8');
      store.stage(secrets);
      store.save(flows);
      assert.equal(readFileSync(join(dataDir(), 'credentials.json'), 'utf8'), before);
    });

    it('wait for the next deploy when one is refused', () => {
      const store = open();
      store.stage(secrets);
      assert.throws(() => store.save([node('n', 'gone')]));
      store.save(flows);
      assert.deepEqual(open().loaded.credentials, secrets);
    });

    it('of nodes that are gone are dropped', () => {
      const store = open();
      store.stage({ ...references, ...secrets });
      store.save([flows[0]!]);
      assert.deepEqual(open().loaded.credentials, references);
    });

    it('that were altered, or sealed with another key, stop the start', () => {
      const store = open();
      store.stage(secrets);
      store.save(flows);
      const other = { flowsDir: flowsDir(), dataDir: dataDir(), key: Buffer.alloc(32, 2) };
      assert.throws(() => openFlowStore(other).load(), { code: 'credentials_unreadable' });
    });
  });
});
