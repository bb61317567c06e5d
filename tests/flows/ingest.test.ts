import assert from 'node:assert/strict';
import { Redis } from 'ioredis';
import type { MqttClient } from 'mqtt';
import { eventually } from '../support/eventually.ts';
import { nextMessage, type Product } from '../support/product.ts';
import { sharedProduct } from '../support/shared-product.ts';
import { type RegisteredVehicle, registeredVehicle } from '../support/vehicle.ts';

interface Ledger {
  topic: string;
  code: string;
  count: number;
  sample: string;
}

describe('telemetry over MQTT', function () {
  this.timeout(60_000);
  let product: Product;
  let vehicle: RegisteredVehicle;
  let client: MqttClient;

  before(async () => {
    product = await sharedProduct();
    vehicle = await registeredVehicle(product, 'ingest-1');
    client = await vehicle.connect();
    await client.subscribeAsync([`vehicles/${vehicle.id}/acks`, `vehicles/${vehicle.id}/errors`], { qos: 1 });
  });

  const topic = (kind: string, id = vehicle.id) => `vehicles/${id}/${kind}`;
  const nextAck = (boot: string | number, seq: number) =>
    nextMessage(client, topic('acks'), ({ payload }) => payload.boot === boot && payload.seq === seq);
  const nextError = (code: string) =>
    nextMessage(client, topic('errors'), ({ payload }) => payload.code === code);

  async function send(payload: unknown, kind = 'telemetry', from = client) {
    const raw = typeof payload === 'string' || Buffer.isBuffer(payload);
    await from.publishAsync(topic(kind), raw ? payload : JSON.stringify(payload), { qos: 1 });
  }

  const sample = (more: object = {}) => ({ ts: new Date().toISOString(), ...more });
  const stored = (boot: string) =>
    product.sql<{ seq: number }>(
      `SELECT t.* FROM telemetry t JOIN vehicles v ON v.no = t.vehicle_no
       WHERE v.id = ? AND t.boot = ? ORDER BY t.seq`,
      [vehicle.id, boot],
    );
  const seqs = async (boot: string) => (await stored(boot)).map(({ seq }) => seq);
  const ledger = (code: string) =>
    product.sql<Ledger>('SELECT * FROM rejections WHERE vehicle_id = ? AND code = ?', [vehicle.id, code]);

  it('is stored when the device hears so', async () => {
    const values = { note: `it's "ok" \\ — ñ 😀`, door: true, gone: null, t: -1.5 };
    const sent = sample({ boot: 'a', seq: 1, lat: 4.6, lon: -74.08, values });
    const acknowledged = nextAck('a', 1);
    await send(sent);
    await acknowledged;
    const [row] = await stored('a');
    const { ts, lat, lon, sample_values, alt_m } = row as any;
    assert.deepEqual(
      { ts: ts.toISOString(), lat, lon, alt_m },
      { ts: sent.ts, lat: 4.6, lon: -74.08, alt_m: null },
    );
    assert.deepEqual(JSON.parse(sample_values), values);
  });

  it('is acknowledged cumulatively, and only up to a gap', async () => {
    const first = nextAck('gap', 2);
    await send([
      sample({ boot: 'gap', seq: 1 }),
      sample({ boot: 'gap', seq: 2 }),
      sample({ boot: 'gap', seq: 4 }),
    ]);
    await first;
    const second = nextAck('gap', 4);
    await send(sample({ boot: 'gap', seq: 3 }));
    await second;
    assert.deepEqual(await seqs('gap'), [1, 2, 3, 4]);
  });

  it('is stored once however often it is sent, and acknowledged each time', async () => {
    for (let time = 0; time < 3; time++) {
      const acknowledged = nextAck('twice', 1);
      await send(sample({ boot: 'twice', seq: 1 }));
      await acknowledged;
    }
    assert.equal((await stored('twice')).length, 1);
  });

  it('without seq is stored once for the same time and values', async () => {
    const same = sample({ lat: 1.25 });
    await send([same, same, { ...same, lat: 1.5 }]);
    const acknowledged = nextAck('after', 1);
    await send(same);
    await send(sample({ boot: 'after', seq: 1 }));
    await acknowledged;
    const rows = (await stored('#')).map((row: any) => row.lat).sort();
    assert.deepEqual(rows, [1.25, 1.5]);
  });

  it('names a boot as the device did, a number as a number', async () => {
    const acknowledged = nextAck(17, 5);
    await send(sample({ boot: 17, seq: 5 }));
    await acknowledged;
    const unnamed = nextMessage(
      client,
      topic('acks'),
      ({ payload }) => !('boot' in payload) && payload.seq === 3,
    );
    await send(sample({ seq: 3 }));
    await unnamed;
  });

  const bad: Array<[what: string, code: string, payload: () => unknown]> = [
    ['malformed JSON', 'invalid_json', () => '{"ts":'],
    ['an empty payload', 'invalid_json', () => ''],
    ['bytes that are not UTF-8', 'invalid_json', () => Buffer.from([0x22, 0xc3, 0x28, 0x22])],
    ['wrong types', 'schema', () => sample({ boot: 'bad', seq: 90, lat: '4.6' })],
    ['__proto__', 'schema', () => `{"ts":${Date.now()},"__proto__":{"seq":1}}`],
    ['a number beyond all ranges', 'schema', () => `{"ts":${Date.now()},"lat":1e400}`],
    ['an unknown property', 'schema', () => sample({ batery_pct: 50 })],
    ['deep nesting', 'schema', () => `${'['.repeat(50_000)}${']'.repeat(50_000)}`],
    ['the time of 1970', 'timestamp_out_of_range', () => ({ ts: 0 })],
    ['the year 9999', 'timestamp_out_of_range', () => ({ ts: '9999-12-31T23:59:59Z' })],
    ['the id of another vehicle', 'id_mismatch', () => sample({ vehicle_id: 'ingest-2' })],
    ['an id with / + # $', 'id_mismatch', () => sample({ id: 'ingest-1/+/#$' })],
    ['300 KiB', 'payload_too_large', () => JSON.stringify(sample()).padEnd(300 * 1024)],
    ['501 samples', 'too_many_items', () => Array.from({ length: 501 }, () => sample())],
    [
      'what the contract allows and the database does not',
      'unstorable',
      () => {
        const values = Array.from({ length: 80 }, (_, index) => [`v${index}`, '😀'.repeat(256)]);
        return sample({ boot: 'bad', seq: 91, values: Object.fromEntries(values) });
      },
    ],
  ];
  for (const [index, [what, code, payload]] of bad.entries()) {
    it(`that is ${what} is refused with ${code}, told to the device and counted; its neighbours are stored`, async () => {
      const before = (await ledger(code))[0]?.count ?? 0;
      const told = nextError(code);
      const neighbours = nextAck(`n${index}`, 2);
      await send(sample({ boot: `n${index}`, seq: 1 }));
      await send(payload());
      await send(sample({ boot: `n${index}`, seq: 2 }));
      const { payload: error } = await told;
      assert.equal(error.topic, topic('telemetry'));
      assert.ok(error.detail.length > 10);
      await neighbours;
      assert.deepEqual(await seqs(`n${index}`), [1, 2]);
      assert.equal((await ledger(code))[0]!.count, before + 1);
    });
  }

  it('is refused alone within an array, and its place counts as settled', async () => {
    const acknowledged = nextAck('array', 3);
    const told = nextError('schema');
    await send([
      sample({ boot: 'array', seq: 1 }),
      sample({ boot: 'array', seq: 2, speed_mps: 'fast' }),
      sample({ boot: 'array', seq: 3 }),
    ]);
    const { payload } = await told;
    assert.deepEqual({ boot: payload.boot, seq: payload.seq }, { boot: 'array', seq: 2 });
    await acknowledged;
    assert.deepEqual(await seqs('array'), [1, 3]);
  });

  it('is not acknowledged on the word of a refused sample alone: its seq may be garbage', async () => {
    const told = nextError('schema');
    await send(sample({ boot: 'garbage', seq: 4_000_000_000_000, lat: 'x' }));
    await told;
    const acknowledged = nextMessage(client, topic('acks'), ({ payload }) => payload.boot === 'garbage');
    await send(sample({ boot: 'garbage', seq: 1 }));
    assert.equal((await acknowledged).payload.seq, 1);
  });

  it('of a revoked vehicle is refused although its message arrives', async () => {
    await registeredVehicle(product, 'ingest-revoked');
    await product.sql(`UPDATE vehicles SET state = 'revoked' WHERE id = 'ingest-revoked'`);
    const runtime = await product.mqttObserver('vehicles/ingest-revoked/errors');
    const told = nextMessage(runtime, 'vehicles/ingest-revoked/errors');
    await runtime.publishAsync('vehicles/ingest-revoked/telemetry', JSON.stringify(sample({ seq: 1 })), {
      qos: 1,
    });
    assert.equal((await told).payload.code, 'not_registered');
    const [{ n }] = (await product.sql(
      `SELECT COUNT(*) AS n FROM telemetry t JOIN vehicles v ON v.no = t.vehicle_no WHERE v.id = 'ingest-revoked'`,
    )) as [{ n: number }];
    assert.equal(n, 0);
  });

  it('on a topic whose level is no id is counted, and nothing is published for it', async () => {
    const runtime = await product.mqttObserver('vehicles/#');
    const acknowledged = nextAck('observed', 1);
    const seen: string[] = [];
    runtime.on('message', (about) => void seen.push(about));
    await runtime.publishAsync('vehicles/no id$/telemetry', JSON.stringify(sample()), { qos: 1 });
    await send(sample({ boot: 'observed', seq: 1 }));
    await acknowledged;
    assert.ok(!seen.some((about) => about.includes('no id$/errors')));
    const rows = await product.sql('SELECT code FROM rejections WHERE vehicle_id = ?', ['no id$']);
    assert.deepEqual(
      rows.map(({ code }) => code),
      ['not_registered'],
    );
  });

  it('is the latest of the vehicle in Redis, by its own time', async () => {
    const now = Date.now();
    const acknowledged = nextAck('latest', 2);
    await send([
      { ts: now, boot: 'latest', seq: 1, lat: 11 },
      { ts: now - 60_000, boot: 'latest', seq: 2, lat: 22 },
    ]);
    await acknowledged;
    const redis = new Redis(product.servers.redisUrl);
    try {
      const key = `cauce:vehicles:${vehicle.id}:telemetry`;
      // Written behind the commit: the ack does not wait for it.
      const latest = await eventually(async () => {
        const value = JSON.parse((await redis.get(key)) ?? '{}');
        return value.lat === 11 && value;
      });
      assert.equal(latest.ts, new Date(now).toISOString());
      assert.ok((await redis.ttl(key)) > 0);
    } finally {
      redis.disconnect();
    }
  });

  it('shows in the metrics', async () => {
    const { body } = await product.api('GET', '/metrics');
    for (const series of [
      'cauce_ingest_messages_total{topic="vehicles/+/telemetry"}',
      'cauce_ingest_stored_total{table="telemetry"}',
      'cauce_ingest_refused_total{table="telemetry",code="schema"}',
      'cauce_ingest_duplicates_total{table="telemetry"}',
      'cauce_ingest_backlog_messages{topic="vehicles/+/telemetry"}',
      'cauce_ingest_commit_seconds_count{table="telemetry"}',
    ]) {
      assert.ok(body.includes(series), series);
    }
  });
});
