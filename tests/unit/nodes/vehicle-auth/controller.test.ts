import assert from 'node:assert/strict';
import type { Batch, Item } from '../../../../nodes/shared/ingest/batch.ts';
import { authenticate } from '../../../../nodes/vehicle-auth/controller.ts';

const itemOf = (id: string, value: Item['value'] = {}): Item => ({
  topic: `vehicles/${id}/telemetry`,
  params: { vehicle_id: id },
  value,
  ts: 0,
  arrival: 1,
  redelivered: false,
  retained: false,
  packetId: 1,
});

describe('vehicle auth', () => {
  const registered = new Map([['v1', 7]]);

  it('numbers the items of registered vehicles', () => {
    const batch: Batch = { token: '', items: [itemOf('v1')], refused: [] };
    authenticate(batch, registered);
    assert.equal(batch.items[0]!.vehicle_no, 7);
    assert.deepEqual(batch.refused, []);
  });

  it('refuses the others, each with its place in its stream, and keeps their neighbours', () => {
    const batch: Batch = {
      token: '',
      items: [itemOf('v2', { boot: 'b', seq: 3 }), itemOf('v1')],
      refused: [],
    };
    authenticate(batch, registered);
    assert.equal(batch.items.length, 1);
    const [{ code, boot, seq, topic, vehicle_no }] = batch.refused as [Batch['refused'][number]];
    assert.deepEqual(
      { code, boot, seq, topic, vehicle_no },
      { code: 'not_registered', boot: 'b', seq: 3, topic: 'vehicles/v2/telemetry', vehicle_no: undefined },
    );
  });

  it('does not take the properties of objects for vehicles', () => {
    const batch: Batch = { token: '', items: [itemOf('constructor'), itemOf('__proto__')], refused: [] };
    authenticate(batch, registered);
    assert.equal(batch.refused.length, 2);
  });
});
