import assert from 'node:assert/strict';
import fc from 'fast-check';
import { status } from '../../../../api-contracts/mqtt/status.ts';
import { telemetry } from '../../../../api-contracts/mqtt/telemetry.ts';
import { Decoder } from '../../../../nodes/mqtt-batch-in/decoder.ts';
import { topicFilter } from '../../../../nodes/mqtt-batch-in/topic-filter.ts';
import type { Received } from '../../../../nodes/mqtt-batch-in/window.ts';
import { compileContract } from '../../../../nodes/shared/ingest/contract.ts';
import type { MqttContract } from '../../../../nodes/shared/settings.ts';

const NOW = Date.parse('2026-11-20T09:15:00.000Z');
const DAY = 86_400_000;
const MINUTE = 60_000;

function decoderOf(kind: 'telemetry' | 'status'): Decoder {
  const contract = kind === 'telemetry' ? telemetry.telemetry : status.status;
  return new Decoder({
    topic: topicFilter(`vehicles/+vehicle_id/${kind}`),
    contract: compileContract(contract as unknown as MqttContract),
    maxBytes: 262_144,
    maxAge: 366 * DAY,
    maxAhead: 10 * MINUTE,
    retained: kind === 'status',
  });
}

function received(payload: unknown, topic = 'vehicles/v1/telemetry'): Received {
  const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(payload as string);
  const flags = { redelivered: false, retained: false };
  return { topic, payload: bytes, packetId: 1, receivedAt: NOW, epoch: 1, ...flags };
}

const decoder = decoderOf('telemetry');
const decode = (payload: unknown, topic?: string) => decoder.decode([received(payload, topic)]);
const codes = (payload: unknown, topic?: string) => decode(payload, topic).refused.map(({ code }) => code);
const sample = (more: object = {}) => ({ ts: '2026-11-20T09:14:59.000Z', ...more });

describe('decoding MQTT messages', () => {
  it('takes a sample, with its time in milliseconds and the level of its topic', () => {
    const [item] = decode(
      JSON.stringify(sample({ boot: 'b1', seq: 7, lat: 4.6, values: { t: 21.5 } })),
    ).items;
    assert.deepEqual(item!.params, { vehicle_id: 'v1' });
    assert.equal(item!.ts, NOW - 1_000);
    assert.deepEqual(item!.value, sample({ boot: 'b1', seq: 7, lat: 4.6, values: { t: 21.5 } }));
  });

  it('takes epoch milliseconds, and RFC 3339 with any offset', () => {
    for (const ts of [
      NOW,
      '2026-11-20T04:15:00-05:00',
      '2026-11-20t09:15:00z',
      '2026-11-20T09:15:00.000000Z',
    ]) {
      assert.equal(decode(JSON.stringify({ ts })).items[0]?.ts, NOW, String(ts));
    }
  });

  it('takes an array apart, and refuses a bad element alone', () => {
    const good = sample({ boot: 'b', seq: 1 });
    const { items, refused } = decode(
      JSON.stringify([good, sample({ seq: 2, lat: 91 }), { ...good, seq: 3 }]),
    );
    assert.deepEqual(
      items.map(({ value }) => value.seq),
      [1, 3],
    );
    assert.deepEqual(
      refused.map(({ code, detail, seq }) => ({ code, detail, seq })),
      [{ code: 'schema', detail: '/lat must be <= 90.', seq: 2 }],
    );
  });

  it('numbers arrivals without a repetition, also within one array and one millisecond', () => {
    const messages = [received(JSON.stringify([sample(), sample()])), received(JSON.stringify(sample()))];
    const arrivals = decoder.decode(messages).items.map(({ arrival }) => arrival);
    assert.equal(new Set(arrivals).size, 3);
    assert.deepEqual(
      arrivals,
      arrivals.toSorted((a, b) => a - b),
    );
  });

  const bad: Array<[string, unknown, string]> = [
    ['what is not JSON', '{"ts":', 'invalid_json'],
    ['an empty payload on a topic that is not retained', '', 'invalid_json'],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 'invalid_json'],
    ['a byte order mark', `\uFEFF${JSON.stringify(sample())}`, 'invalid_json'],
    ['NaN, which is not JSON', '{"ts":NaN}', 'invalid_json'],
    ['a payload above the limit', ' '.repeat(262_145), 'payload_too_large'],
    ['more elements than the contract allows', JSON.stringify(Array(501).fill(sample())), 'too_many_items'],
    ['an empty array', '[]', 'schema'],
    ['a number', '42', 'schema'],
    ['null', 'null', 'schema'],
    ['a sample without a time', '{"lat":1}', 'schema'],
    ['a time that is none', '{"ts":"yesterday"}', 'schema'],
    ['the 30th of February', '{"ts":"2026-02-30T00:00:00Z"}', 'schema'],
    ['a local time', '{"ts":"2026-11-20T09:15:00"}', 'schema'],
    ['a wrong type', JSON.stringify(sample({ lat: '4.6' })), 'schema'],
    ['a number beyond its range', JSON.stringify(sample({ battery_pct: 101 })), 'schema'],
    ['a number beyond all ranges', '{"ts":1795166100000,"alt_m":1e400}', 'schema'],
    ['a fraction as seq', JSON.stringify(sample({ seq: 1.5 })), 'schema'],
    ['a seq that a double cannot hold', '{"ts":1795166100000,"seq":9007199254740992}', 'schema'],
    ['an unknown property', JSON.stringify(sample({ batery_pct: 5 })), 'schema'],
    ['__proto__', '{"ts":1795166100000,"__proto__":{"admin":true}}', 'schema'],
    ['__proto__ in disguise', '{"ts":1795166100000,"values":{"\\u005f_proto__":1}}', 'schema'],
    ['constructor among the values', '{"ts":1795166100000,"values":{"constructor":1}}', 'schema'],
    ['an unpaired surrogate', '{"ts":1795166100000,"values":{"a":"\\ud800"}}', 'schema'],
    ['a nested value', JSON.stringify(sample({ values: { a: { b: 1 } } })), 'schema'],
    ['a boot that is no id', JSON.stringify(sample({ boot: 'a/b' })), 'schema'],
    ['depth', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'schema'],
    ['another id in the payload', JSON.stringify(sample({ vehicle_id: 'v2' })), 'id_mismatch'],
    ['another id, called id', JSON.stringify(sample({ id: 'v1/x' })), 'id_mismatch'],
    ['an id of another type', JSON.stringify(sample({ id: 1 })), 'id_mismatch'],
    ['1970', '{"ts":0}', 'timestamp_out_of_range'],
    ['tomorrow', JSON.stringify({ ts: NOW + DAY }), 'timestamp_out_of_range'],
    ['the year 9999', '{"ts":"9999-12-31T23:59:59Z"}', 'timestamp_out_of_range'],
    ['the end of integers', '{"ts":9007199254740991}', 'timestamp_out_of_range'],
  ];
  for (const [what, payload, code] of bad) {
    it(`refuses ${what}: ${code}`, () => {
      assert.deepEqual(codes(payload), [code]);
      assert.equal(decode(payload).items.length, 0);
    });
  }

  it('takes the id in the payload when it is that of the topic', () => {
    assert.equal(decode(JSON.stringify(sample({ id: 'v1', vehicle_id: 'v1' }))).items.length, 1);
  });

  it('takes what is just within the window of time', () => {
    assert.equal(decode(JSON.stringify({ ts: NOW - 366 * DAY })).items.length, 1);
    assert.equal(decode(JSON.stringify({ ts: NOW + 10 * MINUTE })).items.length, 1);
  });

  it('refuses topics whose level is no id', () => {
    for (const id of ['a b', 'a$b', 'é', 'x'.repeat(65), '']) {
      assert.deepEqual(codes(JSON.stringify(sample()), `vehicles/${id}/telemetry`), ['not_registered'], id);
    }
  });

  it('drops what another subscription of the session left behind', () => {
    assert.deepEqual(decode('{', 'other/v1/telemetry'), { items: [], refused: [] });
  });

  it('names the place in its stream of a refused element, if that place is valid', () => {
    const place = (more: object) => {
      const { boot, seq } = decode(JSON.stringify(sample({ lat: 91, ...more }))).refused[0]!;
      return { boot, seq };
    };
    assert.deepEqual(place({ boot: 'b', seq: 5 }), { boot: 'b', seq: 5 });
    assert.deepEqual(place({ boot: 3, seq: 5 }), { boot: 3, seq: 5 });
    assert.deepEqual(place({ seq: 5 }), { boot: undefined, seq: 5 });
    assert.deepEqual(place({ boot: '#', seq: 5 }), { boot: undefined, seq: undefined });
    assert.deepEqual(place({ boot: 'b', seq: -1 }), { boot: undefined, seq: undefined });
  });

  it('keeps the beginning of what it refused, not all of it', () => {
    const { refused } = decode(`{"a":"${'x'.repeat(5_000)}`);
    assert.equal(refused[0]!.sample.length, 1_000);
  });

  it('ignores the empty message that clears a retained status', () => {
    assert.deepEqual(decoderOf('status').decode([received('', 'vehicles/v1/status')]), {
      items: [],
      refused: [],
    });
  });

  it('takes a status without a time', () => {
    const [item] = decoderOf('status').decode([received('{"state":"idle"}', 'vehicles/v1/status')]).items;
    assert.equal(item!.ts, null);
  });

  it('answers every payload with items or a refusal, and never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.string(),
          fc.uint8Array().map((bytes) => Buffer.from(bytes)),
        ),
        (payload) => {
          const { items, refused } = decode(payload);
          assert.ok(items.length + refused.length > 0);
        },
      ),
    );
  });
});
