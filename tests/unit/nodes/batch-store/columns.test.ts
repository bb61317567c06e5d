import assert from 'node:assert/strict';
import { type Column, Rows } from '../../../../nodes/batch-store/columns.ts';
import type { Item } from '../../../../nodes/shared/ingest/batch.ts';

const COLUMNS: Column[] = [
  { column: 'vehicle_no', from: 'vehicle_no', type: 'number' },
  { column: 'ts', from: 'ts', type: 'time' },
  { column: 'arrival', from: 'arrival', type: 'number' },
  { column: 'lat', from: 'value.lat', type: 'number' },
  { column: 'state', from: 'value.state', type: 'text' },
  { column: 'more', from: 'value.values', type: 'json' },
];
const TS = Date.parse('2026-11-20T09:15:00.123Z');
let arrivals = 1_795_166_100_000_000;

const item = (value: Item['value'], more: Partial<Item> = {}): Item => ({
  topic: 'vehicles/v1/telemetry',
  params: { vehicle_id: 'v1' },
  value,
  ts: TS,
  arrival: arrivals++,
  redelivered: false,
  retained: false,
  packetId: 1,
  vehicle_no: 7,
  ...more,
});

const sequence = new Rows('telemetry', COLUMNS, 'sequence');
const message = new Rows('statuses', COLUMNS, 'message');
/** boot, seq */
const place = (value: Item['value'], more?: Partial<Item>) =>
  /,('[^']*',\d+)\)$/.exec(sequence.row(item(value, more)).sql)![1];
const identity = (value: Item['value'], more?: Partial<Item>) =>
  message.row(item(value, more)).identity!.toString('hex');

describe('items as rows', () => {
  it('are written column by column', () => {
    const row = sequence.row(item({ boot: 'b', seq: 5, lat: -4.5, values: { a: 1 } }, { arrival: 12 }));
    assert.equal(row.sql, `(7,'2026-11-20 09:15:00.123',12,-4.5,NULL,'{"a":1}','b',5)`);
    assert.equal(
      sequence.head,
      'INSERT INTO `telemetry` (`vehicle_no`,`ts`,`arrival`,`lat`,`state`,`more`,`boot`,`seq`) VALUES ',
    );
  });

  it('never overwrite, and never hide an error', () => {
    assert.equal(sequence.tail, ' ON DUPLICATE KEY UPDATE `vehicle_no` = `vehicle_no`');
    assert.equal(message.tail, ' ON DUPLICATE KEY UPDATE arrival = VALUES(arrival)');
    assert.doesNotMatch(sequence.head, /IGNORE|REPLACE/);
  });

  it('cannot leave their literal', () => {
    const { sql } = sequence.row(item({ seq: 1, state: `'); DROP TABLE telemetry; -- \\` }));
    assert.doesNotMatch(sql, /DROP/);
    assert.match(sql, /_utf8mb4 X'27293b2044524f50/);
  });

  it('without a boot have an empty one; a number and its text are one boot', () => {
    assert.equal(place({ seq: 1 }), `'',1`);
    assert.equal(place({ boot: 3, seq: 1 }), place({ boot: '3', seq: 1 }));
  });

  it('without seq are known by what they say and when, not by when they arrive', () => {
    const first = place({ lat: 1 });
    assert.match(first!, /^'#',\d+$/);
    assert.equal(place({ lat: 1 }), first);
    assert.notEqual(place({ lat: 2 }), first);
    assert.notEqual(place({ lat: 1 }, { ts: TS + 1 }), first);
  });

  it('of messages with a time are known by content and time', () => {
    assert.equal(identity({ state: 'idle' }), identity({ state: 'idle' }));
    assert.notEqual(identity({ state: 'idle' }), identity({ state: 'busy' }));
    assert.notEqual(identity({ state: 'idle' }), identity({ state: 'idle' }, { ts: TS + 1 }));
  });

  it('of messages without a time are one each, and tell content and packet', () => {
    const now = { ts: null };
    const [a, b] = [identity({ state: 'idle' }, now), identity({ state: 'idle' }, now)];
    assert.notEqual(a, b);
    assert.equal(a.slice(0, 20), b.slice(0, 20));
    assert.equal(a.slice(0, 16), identity({ state: 'idle' }, { ...now, packetId: 2 }).slice(0, 16));
    assert.notEqual(a.slice(0, 20), identity({ state: 'idle' }, { ...now, packetId: 2 }).slice(0, 20));
  });

  it('of messages without a time carry that of their arrival', () => {
    const { sql } = message.row(item({ state: 'idle' }, { ts: null, arrival: TS * 1000 + 999 }));
    assert.match(sql, /'2026-11-20 09:15:00.123'/);
  });
});
