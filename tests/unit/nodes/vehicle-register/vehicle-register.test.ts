import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import type { Batch, Item, Refused } from '../../../../nodes/shared/ingest/batch.ts';
import { Retry } from '../../../../nodes/shared/ingest/retry.ts';
import { Problem } from '../../../../nodes/shared/problem.ts';
import { VehicleAccounts } from '../../../../nodes/shared/vehicle-accounts.ts';
import { type Accounts, VehicleRegister } from '../../../../nodes/vehicle-register/controller.ts';
import { BrokerAccounts } from '../broker-accounts.ts';
import { VehiclesTable } from '../vehicles-table.ts';

const secretsKey = Buffer.alloc(32, 1);
const CODE = '7K2M-QX9T-0000-0000-0000-0000-0000';
const ASKED = { request_id: 'r-1', client_id: 'c-1', vehicle_id: 'truck-1', claim_code: CODE };

interface Answer {
  topic: string;
  payload: { status: string; code?: string; username?: string; password?: string; request_id: string };
}

describe('vehicle register', () => {
  let table: VehiclesTable;
  let broker: BrokerAccounts;
  let published: Answer[];
  let accounts: Accounts;
  let node: VehicleRegister;
  let errors: unknown[];

  beforeEach(() => {
    table = new VehiclesTable();
    table.add('truck-1', CODE);
    broker = new BrokerAccounts();
    published = [];
    const { pool } = table;
    const sync = new VehicleAccounts({ pool, broker, secretsKey, provisionPassword: 'asked', batchSize: 20 });
    accounts = {
      pool,
      secretsKey,
      sync: async (ids) => void (await sync.sync(ids)),
      publish: async (topic, payload) => void published.push({ topic, payload } as Answer),
    };
    errors = [];
    node = new VehicleRegister({
      accounts: () => accounts,
      attemptsPerMinute: 5,
      retry: new Retry({ status: () => {}, warn: () => {} }),
      onStatus: () => {},
      onError: (error) => void errors.push(error),
    });
  });

  async function ask(...requests: Array<Partial<typeof ASKED>>): Promise<Answer[]> {
    await handle(requests.map((request) => itemOf({ ...ASKED, ...request })));
    return published.splice(0);
  }

  async function handle(items: Item[], refused: Refused[] = []) {
    const batch: Batch = { token: 'token', items, refused };
    const [settled, registered] = (await node.input({ batch })) as [{ batch: Batch }, unknown[]];
    return { batch: settled.batch, registered };
  }

  it('gives the vehicle an account of its own for its code', async () => {
    const { batch, registered } = await handle([itemOf(ASKED)]);
    const [answer] = published;
    assert.equal(answer?.topic, 'provision/response/c-1');
    const { password, ...rest } = answer!.payload;
    assert.deepEqual(rest, { request_id: 'r-1', status: 'registered', username: 'truck-1' });
    assert.match(password!, /^[A-Za-z0-9_-]{43}$/);
    assert.equal(broker.accounts.get('truck-1')?.password, password);
    assert.equal(table.rows.get('truck-1')?.state, 'registered');
    assert.deepEqual(batch, { token: 'token', items: [], refused: [] });
    assert.deepEqual(registered, [{ topic: 'registered', payload: { id: 'truck-1' } }]);
  });

  it('gives the same request the same answer, and leaves the session alone', async () => {
    const [first] = await ask({});
    broker.changes.length = 0;
    const [second] = await ask({});
    assert.deepEqual(second, first);
    assert.deepEqual(broker.changes, []);
  });

  it('uses a code up: another request, or another client, is told so', async () => {
    await ask({});
    const answers = await ask({ request_id: 'r-2' }, { client_id: 'c-2' });
    assert.deepEqual(codes(answers), ['claim_used', 'claim_used']);
  });

  it('refuses even the same request once the code has expired', async () => {
    await ask({});
    table.rows.get('truck-1')!.expired = 1;
    assert.deepEqual(codes(await ask({})), ['claim_used']);
  });

  it('refuses an expired code', async () => {
    table.rows.get('truck-1')!.expired = 1;
    assert.deepEqual(codes(await ask({})), ['claim_expired']);
    assert.equal(broker.accounts.size, 0);
  });

  it('does not tell a wrong code from an unknown vehicle', async () => {
    const [wrong, unknown] = await ask({ claim_code: 'wrong' }, { vehicle_id: 'nobody' });
    assert.equal(wrong?.payload.code, 'invalid_claim');
    assert.deepEqual(unknown, wrong);
  });

  it('refuses a vehicle whose code was taken away', async () => {
    Object.assign(table.rows.get('truck-1')!, { state: 'revoked', claim_hash: null });
    assert.deepEqual(codes(await ask({})), ['invalid_claim']);
  });

  it('stops reading codes of a vehicle after too many wrong ones, and of no other', async () => {
    table.add('truck-2', CODE);
    const answers = await ask(...Array.from({ length: 6 }, () => ({ claim_code: 'wrong' })), {});
    assert.deepEqual(codes(answers), [
      ...Array.from({ length: 5 }, () => 'invalid_claim'),
      'too_many_requests',
      'too_many_requests',
    ]);
    assert.deepEqual(codes(await ask({ vehicle_id: 'truck-2' })), [undefined]);
  });

  it('lets one of two win who come with the same code at the same time', async () => {
    table.before = (sql) => {
      if (!sql.startsWith('UPDATE')) return;
      table.before = () => {};
      Object.assign(table.rows.get('truck-1')!, { claim_request: 'r-0 c-0', state: 'registered' });
    };
    assert.deepEqual(codes(await ask({})), ['claim_used']);
  });

  it('answers only after the broker has the account, and the batch goes on only after the answer', async () => {
    const order: string[] = [];
    const { sync, publish } = accounts;
    accounts.sync = async (ids) => {
      await sync(ids);
      order.push('account');
    };
    accounts.publish = async (topic, payload) => {
      await publish(topic, payload);
      order.push('answer');
    };
    await handle([itemOf(ASKED)]);
    order.push('settled');
    assert.deepEqual(order, ['account', 'answer', 'settled']);
  });

  it('waits for a broker that is away, and answers then', async () => {
    const { sync } = accounts;
    let attempts = 0;
    accounts.sync = (ids) => (attempts++ === 0 ? Promise.reject(new Problem('unavailable')) : sync(ids));
    const { registered } = await handle([itemOf(ASKED)]);
    assert.equal(published[0]?.payload.status, 'registered');
    assert.equal(registered.length, 1);
    assert.equal(attempts, 2);
  });

  it('waits for a database that is away, and counts a wrong code once', async () => {
    let outages = 3;
    table.before = () => {
      if (outages-- > 0) throw Object.assign(new Error('gone'), { code: 'ECONNREFUSED' });
    };
    assert.deepEqual(codes(await ask({ claim_code: 'wrong' })), ['invalid_claim']);
    const four = Array.from({ length: 4 }, () => ({ claim_code: 'wrong' }));
    assert.deepEqual(new Set(codes(await ask(...four))), new Set(['invalid_claim']));
  });

  it('does not let one request that cannot be served hold up the others', async () => {
    table.add('truck-2', CODE);
    table.before = (sql) => {
      if (sql.startsWith('UPDATE') && table.rows.get('truck-1')) {
        table.before = () => {};
        throw Object.assign(new Error('no such column'), { code: 'ER_BAD_FIELD_ERROR' });
      }
    };
    assert.deepEqual(codes(await ask({}, { vehicle_id: 'truck-2' })), ['internal', undefined]);
    assert.equal(errors.length, 1);
  });

  it('gives the account to the same request later when the broker refused it', async () => {
    const { sync } = accounts;
    accounts.sync = () => Promise.reject(new Error('refused'));
    assert.deepEqual(codes(await ask({})), ['internal']);
    accounts.sync = sync;
    const [answer] = await ask({});
    assert.equal(answer?.payload.status, 'registered');
    assert.equal(broker.accounts.get('truck-1')?.password, answer?.payload.password);
  });

  it('ends waiting when it closes, and the batch stays unsettled', async () => {
    accounts.sync = () => Promise.reject(new Problem('unavailable'));
    const handled = handle([itemOf(ASKED)]);
    await setImmediate();
    await node.close();
    await assert.rejects(handled, { code: 'unavailable' });
    assert.deepEqual(published, []);
  });

  it('changes the password of a registered vehicle that comes with a new code', async () => {
    const [first] = await ask({});
    const row = table.rows.get('truck-1')!;
    table.rows.delete('truck-1');
    Object.assign(table.add('truck-1', 'NEW0'), {
      state: 'registered',
      password_cipher: row.password_cipher,
    });
    const [second] = await ask({ request_id: 'r-2', claim_code: 'NEW0' });
    assert.notEqual(second?.payload.password, first?.payload.password);
    assert.equal(broker.accounts.get('truck-1')?.password, second?.payload.password);
  });

  it('answers a malformed request when it names who asks, and repeats no code', async () => {
    const refused = (sample: unknown): Refused => ({
      topic: 'provision/request',
      params: {},
      code: 'schema',
      detail: 'Something is missing.',
      sample: typeof sample === 'string' ? sample : JSON.stringify(sample),
    });
    const { batch } = await handle(
      [],
      [
        refused({ request_id: 'r-1', client_id: 'c-1', claim: CODE, vehicle_id: CODE.repeat(3) }),
        refused({ client_id: 'c-1', claim_code: CODE }),
        refused({ request_id: 'r-1', client_id: '+/#', claim_code: CODE }),
        refused(`{"request_id":"r-1","claim_code":"${CODE}`),
        refused(`["${CODE}"]`),
      ],
    );
    assert.deepEqual(published, [
      {
        topic: 'provision/response/c-1',
        payload: { request_id: 'r-1', status: 'rejected', code: 'schema', detail: 'Something is missing.' },
      },
    ]);
    assert.equal(batch.refused.length, 5);
    assert.ok(!JSON.stringify(batch).includes(CODE));
    assert.equal(batch.refused[0]?.sample, '{"request_id":"r-1","client_id":"c-1"}');
  });

  it('lists refusals for the ledger without their codes, those of unknown vehicles on one line', async () => {
    const { batch } = await handle([
      itemOf({ ...ASKED, claim_code: 'wrong-code' }),
      itemOf({ ...ASKED, vehicle_id: 'nobody' }),
    ]);
    assert.deepEqual(
      batch.refused.map(({ params, code }) => [params.vehicle_id, code]),
      [
        ['truck-1', 'invalid_claim'],
        [undefined, 'invalid_claim'],
      ],
    );
    assert.ok(!JSON.stringify(batch).includes('wrong-code') && !JSON.stringify(batch).includes(CODE));
  });

  it('lets no code or password out on its wires', async () => {
    const { batch, registered } = await handle([itemOf(ASKED)]);
    const wires = JSON.stringify({ batch, registered });
    assert.ok(!wires.includes(CODE) && !wires.includes(published[0]!.payload.password!));
  });
});

const codes = (answers: Answer[]) => answers.map(({ payload }) => payload.code);

function itemOf(request: typeof ASKED): Item {
  return {
    topic: 'provision/request',
    params: {},
    value: request,
    ts: null,
    arrival: 1,
    redelivered: false,
    retained: false,
    packetId: 1,
  };
}
