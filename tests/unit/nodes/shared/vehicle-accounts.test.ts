import assert from 'node:assert/strict';
import { seal } from '../../../../nodes/shared/secret-box.ts';
import { passwordPlace, VehicleAccounts } from '../../../../nodes/shared/vehicle-accounts.ts';
import { BrokerAccounts } from '../broker-accounts.ts';
import { VehiclesTable } from '../vehicles-table.ts';

const secretsKey = Buffer.alloc(32, 1);

describe("the broker's accounts of vehicles", () => {
  let table: VehiclesTable;
  let broker: BrokerAccounts;
  let accounts: VehicleAccounts;

  beforeEach(() => {
    table = new VehiclesTable();
    broker = new BrokerAccounts();
    broker.accounts.set('cauce', { password: 'runtime' });
    accounts = connect('asked');
  });

  const connect = (provisionPassword: string) =>
    new VehicleAccounts({ pool: table.pool, broker, secretsKey, provisionPassword, batchSize: 20 });

  function register(id: string, password: string): void {
    const row = table.rows.get(id) ?? table.add(id, 'code');
    row.state = 'registered';
    row.password_cipher = seal(secretsKey, password, passwordPlace(id));
  }

  it('are created for the registered, and for those who want to be', async () => {
    register('truck-1', 'one');
    table.add('truck-2', 'code');
    await accounts.reconcile();
    assert.deepEqual([...broker.accounts.keys()].sort(), ['cauce', 'provision', 'truck-1']);
    assert.equal(broker.accounts.get('truck-1')?.password, 'one');
    assert.equal(broker.accounts.get('provision')?.password, 'asked');
  });

  it('are left alone when they are right, so that no session ends', async () => {
    register('truck-1', 'one');
    await accounts.reconcile();
    broker.changes.length = 0;
    await accounts.reconcile();
    await accounts.sync(['truck-1']);
    assert.deepEqual(broker.changes, []);
  });

  it('get the password again that the table holds, where the broker missed it', async () => {
    register('truck-1', 'one');
    await accounts.reconcile();
    register('truck-1', 'two');
    await accounts.reconcile();
    assert.equal(broker.accounts.get('truck-1')?.password, 'two');
    assert.equal(broker.changes.at(-1), 'modifyClient truck-1');
  });

  it('end when the vehicle is revoked or gone', async () => {
    register('truck-1', 'one');
    register('truck-2', 'two');
    register('truck-3', 'three');
    await accounts.reconcile();
    table.rows.get('truck-1')!.state = 'revoked';
    table.rows.delete('truck-2');
    await accounts.sync(['truck-1']);
    assert.deepEqual([...broker.accounts.keys()].sort(), ['cauce', 'provision', 'truck-2', 'truck-3']);
    await accounts.reconcile();
    assert.deepEqual([...broker.accounts.keys()].sort(), ['cauce', 'provision', 'truck-3']);
  });

  it('of others are never deleted', async () => {
    for (const username of ['admin', 'client-a/SN-1', 'truck-9']) {
      broker.accounts.set(username, { password: 'theirs' });
    }
    broker.accounts.set('named', { password: 'theirs', textname: 'a sensor' });
    await accounts.reconcile();
    await accounts.sync(['truck-9', 'admin']);
    for (const username of ['cauce', 'admin', 'client-a/SN-1', 'truck-9', 'named']) {
      assert.ok(broker.accounts.has(username), username);
    }
  });

  it('include `provision`, which follows its password', async () => {
    await accounts.reconcile();
    await connect('changed').reconcile();
    assert.equal(broker.accounts.get('provision')?.password, 'changed');
  });

  it('are restored after the broker lost everything, in batches that do not hold it up', async () => {
    for (let i = 0; i < 500; i++) register(`truck-${i}`, `password-${i}`);
    await accounts.reconcile();
    assert.equal(broker.accounts.size, 502);
    assert.ok(Math.max(...broker.batches) <= 20);
    broker.accounts.clear();
    const changes = await accounts.reconcile();
    assert.deepEqual(changes, { created: 501, changed: 0, deleted: 0, unreadable: [] });
  });

  it('are listed page by page', async () => {
    for (let i = 0; i < 1_200; i++) register(`truck-${i}`, 'password');
    await accounts.reconcile();
    broker.changes.length = 0;
    await accounts.reconcile();
    assert.deepEqual(broker.changes, []);
  });

  it('follow a revocation that comes in the middle of a reconciliation', async () => {
    register('truck-1', 'one');
    broker.before = ([first]) => {
      // The table is read and the broker listed: now somebody else revokes, and deletes the account.
      if (first?.command !== 'createClient') return;
      table.rows.get('truck-1')!.state = 'revoked';
      broker.before = () => {};
    };
    await accounts.reconcile();
    assert.ok(!broker.accounts.has('truck-1'));
  });

  it('follow a second registration that comes in the middle of the first', async () => {
    register('truck-1', 'one');
    broker.before = ([first]) => {
      if (first?.command !== 'createClient') return;
      register('truck-1', 'two');
      broker.accounts.set('truck-1', { password: 'two', textname: 'cauce vehicle something' });
      broker.before = () => {};
    };
    await accounts.sync(['truck-1']);
    assert.equal(broker.accounts.get('truck-1')?.password, 'two');
  });

  it('whose password was sealed with another key stay as they are, and do not hold up the others', async () => {
    register('truck-1', 'one');
    register('truck-2', 'two');
    table.rows.get('truck-1')!.password_cipher = seal(Buffer.alloc(32, 2), 'one', passwordPlace('truck-1'));
    const changes = await accounts.reconcile();
    assert.deepEqual(changes.unreadable, ['truck-1']);
    assert.ok(broker.accounts.has('truck-2'));
  });

  it('do not get the password of another row', async () => {
    register('truck-1', 'one');
    register('truck-2', 'two');
    table.rows.get('truck-2')!.password_cipher = table.rows.get('truck-1')!.password_cipher;
    assert.deepEqual((await accounts.reconcile()).unreadable, ['truck-2']);
  });

  it('say which sentence of the broker stands in the way', async () => {
    register('truck-1', 'one');
    broker.run = async (commands) => commands.map(({ command }) => ({ command, error: 'Not today' }));
    await assert.rejects(accounts.sync(['truck-1']), /Not today/);
  });

  it('carry no password in their mark', async () => {
    register('truck-1', 'one');
    await accounts.reconcile();
    const marks = [...broker.accounts.values()].map(({ textname }) => textname);
    assert.match(marks.join(), /cauce vehicle [0-9a-f]{32}/);
    assert.ok(!marks.join().includes('one') && !marks.join().includes('asked'));
  });
});
