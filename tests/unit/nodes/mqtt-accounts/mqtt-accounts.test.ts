import assert from 'node:assert/strict';
import { MqttAccounts, type MqttAccountsOptions } from '../../../../nodes/mqtt-accounts/controller.ts';
import { seal } from '../../../../nodes/shared/secret-box.ts';
import { passwordPlace } from '../../../../nodes/shared/vehicle-accounts.ts';
import { eventually } from '../../../support/eventually.ts';
import { BrokerAccounts } from '../broker-accounts.ts';
import { PluginBroker } from '../plugin-broker.ts';
import { VehiclesTable } from '../vehicles-table.ts';

const secretsKey = Buffer.alloc(32, 1);

describe('mqtt accounts', () => {
  let broker: PluginBroker;
  let accounts: BrokerAccounts;
  let table: VehiclesTable;
  let node: MqttAccounts | undefined;
  let told: string[];
  let poolClosed: boolean;

  beforeEach(async () => {
    broker = await PluginBroker.start();
    accounts = new BrokerAccounts();
    table = new VehiclesTable();
    told = [];
    poolClosed = false;
    broker.plugin = answer;
  });
  afterEach(async () => {
    await node?.close();
    node = undefined;
    await broker.stop();
  });

  async function answer(commands: Array<Record<string, unknown>>) {
    const replies = await accounts.run(commands as Array<{ command: string }>);
    const correlationData = commands[0]?.correlationData;
    return { responses: replies.map((reply) => ({ ...reply, correlationData })) };
  }

  function start(options: Partial<MqttAccountsOptions> = {}): MqttAccounts {
    node = new MqttAccounts({
      url: broker.url,
      connection: {},
      pool: table.pool,
      closePool: async () => {
        poolClosed = true;
      },
      secretsKey,
      provisionPassword: 'asked',
      intervalMs: 60_000,
      batchSize: 20,
      timeoutMs: 200,
      log: { info: (text) => told.push(text), warn: (text) => told.push(text) },
      ...options,
    });
    return node;
  }

  function register(id: string): void {
    const row = table.add(id, 'code');
    row.state = 'registered';
    row.password_cipher = seal(secretsKey, 'password', passwordPlace(id));
  }

  const has = (username: string) => eventually(async () => accounts.accounts.has(username), 5_000);

  it('brings the broker in line when it connects, and each time it comes back', async () => {
    register('truck-1');
    start();
    await has('truck-1');
    accounts.accounts.clear();
    broker.disconnectAll();
    await has('truck-1');
    assert.ok(accounts.accounts.has('provision'));
  });

  it('looks again at intervals', async () => {
    start({ intervalMs: 20 });
    await has('provision');
    register('truck-1');
    await has('truck-1');
  });

  it('tries again after the database failed, and says so once', async () => {
    register('truck-1');
    let failures = 2;
    table.before = () => {
      if (failures-- > 0) throw new Error('no database');
    };
    start();
    await has('truck-1');
    assert.equal(told.filter((text) => text.includes('no database')).length, 1);
  });

  it('tries again after a vehicle could not be brought in line', async () => {
    const running = start();
    await has('provision');
    register('truck-1');
    broker.plugin = () => undefined;
    await assert.rejects(running.sync(['truck-1']), { code: 'unavailable' });
    broker.plugin = answer;
    await has('truck-1');
  });

  it('answers a ping while broker and plugin do', async () => {
    const running = start();
    await has('provision');
    await running.ping();
    broker.plugin = () => undefined;
    await assert.rejects(running.ping(), { code: 'unavailable' });
  });

  it('names no password in what it tells', async () => {
    register('truck-1');
    table.add('truck-2', 'code').state = 'registered';
    table.rows.get('truck-2')!.password_cipher = seal(Buffer.alloc(32), 'password', passwordPlace('truck-2'));
    start();
    await eventually(async () => told.some((text) => /another SECRETS_KEY, e\.g\. of truck-2/.test(text)));
    assert.ok(told.some((text) => /2 created, 0 changed, 0 deleted/.test(text)));
    assert.ok(!told.join().includes('asked') && !/password\b/.test(told.join()));
  });

  it('closes in order while the broker is away', async () => {
    const running = start({ url: 'mqtt://127.0.0.1:1' });
    await assert.rejects(running.sync(['truck-1']), { code: 'unavailable' });
    await running.close();
    assert.ok(poolClosed);
  });
});
