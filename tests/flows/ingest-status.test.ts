import assert from 'node:assert/strict';
import type { MqttClient } from 'mqtt';
import { eventually } from '../support/eventually.ts';
import { nextMessage, type Product } from '../support/product.ts';
import { sharedProduct } from '../support/shared-product.ts';
import { type RegisteredVehicle, registeredVehicle } from '../support/vehicle.ts';

describe('status over MQTT', function () {
  this.timeout(60_000);
  let product: Product;
  let vehicle: RegisteredVehicle;
  let client: MqttClient;

  before(async () => {
    product = await sharedProduct();
    vehicle = await registeredVehicle(product, 'ingest-status');
    client = await vehicle.connect();
    await client.subscribeAsync(`vehicles/${vehicle.id}/errors`, { qos: 1 });
  });

  const send = (payload: unknown) =>
    client.publishAsync(`vehicles/${vehicle.id}/status`, JSON.stringify(payload), { qos: 1, retain: true });
  const rows = () =>
    product.sql<{ state: string; ts: Date; errors: string | null }>(
      `SELECT s.* FROM vehicle_statuses s JOIN vehicles v ON v.no = s.vehicle_no WHERE v.id = ? ORDER BY s.arrival`,
      [vehicle.id],
    );

  const untilRows = (count: number) =>
    eventually(async () => {
      const found = await rows();
      return found.length >= count ? found : undefined;
    });

  it('without a time is an event each, however equal, at the time of its arrival', async () => {
    const begin = Date.now();
    await send({ state: 'idle' });
    await send({ state: 'idle' });
    await send({ state: 'busy', errors: [{ code: 'E7', level: 'warning', detail: 'low oil' }] });
    const found = await untilRows(3);
    assert.deepEqual(
      found.map(({ state }) => state),
      ['idle', 'idle', 'busy'],
    );
    assert.ok(found.every(({ ts }) => ts.getTime() >= begin - 1_000 && ts.getTime() <= Date.now() + 1_000));
    assert.deepEqual(JSON.parse(found[2]!.errors!), [{ code: 'E7', level: 'warning', detail: 'low oil' }]);
  });

  it('with a time is stored once', async () => {
    const before = (await rows()).length;
    const same = { state: 'charging', ts: new Date().toISOString() };
    await send(same);
    await send(same);
    await send({ state: 'idle', ts: new Date(Date.now() + 1_000).toISOString() });
    const found = await untilRows(before + 2);
    assert.equal(found.filter(({ state }) => state === 'charging').length, 1);
  });

  it('with a time, said again later, is the newest: a last will may say the same after each session', async () => {
    const will = { state: 'offline', ts: new Date(Date.now() - 60_000).toISOString() };
    const before = (await rows()).length;
    for (const status of [will, { state: 'idle' }, will]) await send(status);
    const newest = await eventually(async () => {
      const found = await rows();
      return found.length === before + 2 && found.at(-1)!.state === 'offline' ? found : undefined;
    });
    assert.equal(newest.at(-2)!.state, 'idle');
  });

  it('that is none is refused with a code', async () => {
    const told = nextMessage(client, `vehicles/${vehicle.id}/errors`);
    await send({ state: 'flying' });
    assert.equal((await told).payload.code, 'schema');
  });
});
