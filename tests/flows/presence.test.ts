/** What is told of a vehicle that is there, has gone, or says nothing any more. */
import assert from 'node:assert/strict';
import type { MqttClient } from 'mqtt';
import { eventually } from '../support/eventually.ts';
import { type Product, startProduct } from '../support/product.ts';
import { pendingVehicle, type RegisteredVehicle, registeredVehicle } from '../support/vehicle.ts';

const STALE_AFTER_S = 2;
/** When the session began. */
const LONG_AGO = new Date(Date.now() - 3_600_000).toISOString();

describe('presence', () => {
  let product: Product;

  before(async function () {
    this.timeout(60_000);
    product = await startProduct({ env: { VEHICLE_STALE_AFTER_S: String(STALE_AFTER_S) } });
  });
  after(() => product?.stop());

  const read = async (id: string) => (await product.asAdmin('GET', `/api/vehicles/${id}`)).body;
  const becomes = (id: string, presence: string) =>
    eventually(async () => {
      const vehicle = await read(id);
      assert.equal(vehicle.presence, presence);
      return vehicle;
    });

  /** A session whose last will says `offline`, as it was written when the session began. */
  const connect = (vehicle: RegisteredVehicle, time: { ts?: string } = {}) =>
    vehicle.connect({
      will: {
        topic: `vehicles/${vehicle.id}/status`,
        payload: Buffer.from(JSON.stringify({ ...time, state: 'offline' })),
        qos: 1,
        retain: true,
      },
    });

  const say = (client: MqttClient, id: string, state: string) =>
    client.publishAsync(`vehicles/${id}/status`, JSON.stringify({ state }), { qos: 1, retain: true });
  const measure = (client: MqttClient, id: string) =>
    client.publishAsync(`vehicles/${id}/telemetry`, JSON.stringify({ ts: Date.now(), lat: 1 }), { qos: 1 });
  /** Without DISCONNECT, so that the broker sends the will. */
  const vanish = (client: MqttClient) => client.stream.destroy();

  it('is offline before a vehicle was ever heard', async () => {
    await pendingVehicle(product, 'p-1');
    assert.deepEqual([(await read('p-1')).presence, (await read('p-1')).last_heard_at], ['offline', null]);
    await registeredVehicle(product, 'p-2');
    assert.equal((await read('p-2')).presence, 'offline');
  });

  it('is online while it sends, and stale when it has been silent', async () => {
    const vehicle = await registeredVehicle(product, 'p-3');
    const client = await connect(vehicle);
    await measure(client, 'p-3');
    const { last_heard_at } = await becomes('p-3', 'online');
    assert.ok(Math.abs(Date.now() - Date.parse(last_heard_at)) < 5_000);
    await becomes('p-3', 'stale');
    await say(client, 'p-3', 'idle');
    const { latest_status } = await becomes('p-3', 'online');
    assert.equal(latest_status.state, 'idle');
  });

  it('is offline by last will, though the will carries an old time, and stays so', async () => {
    const vehicle = await registeredVehicle(product, 'p-4');
    const client = await connect(vehicle, { ts: LONG_AGO });
    await say(client, 'p-4', 'busy');
    await measure(client, 'p-4');
    await becomes('p-4', 'online');
    vanish(client);
    const gone = await becomes('p-4', 'offline');
    assert.deepEqual([gone.latest_status.state, gone.latest_status.ts], ['offline', LONG_AGO]);
    await product.sql('UPDATE vehicle_statuses SET arrival = arrival - 60000000');
    await product.sql('UPDATE telemetry SET arrival = arrival - 60000000');
    assert.equal((await read('p-4')).presence, 'offline');
  });

  it('comes back with the first thing heard after the will, and goes again by the same will', async () => {
    const vehicle = await registeredVehicle(product, 'p-5');
    const first = await connect(vehicle);
    await say(first, 'p-5', 'idle');
    await becomes('p-5', 'online');
    vanish(first);
    await becomes('p-5', 'offline');

    const second = await connect(vehicle);
    await measure(second, 'p-5');
    await becomes('p-5', 'online');
    vanish(second);
    await becomes('p-5', 'offline');
  });

  it('is offline once revoked', async () => {
    const vehicle = await registeredVehicle(product, 'p-6');
    const client = await connect(vehicle);
    await measure(client, 'p-6');
    await becomes('p-6', 'online');
    await product.asAdmin('DELETE', '/api/vehicles/p-6');
    assert.equal((await read('p-6')).presence, 'offline');
  });

  it('is told in the list as well', async () => {
    const { body } = await product.asAdmin('GET', '/api/vehicles?limit=200');
    const presences = new Map(body.items.map(({ id, presence }: any) => [id, presence]));
    assert.equal(presences.get('p-1'), 'offline');
    assert.equal(presences.get('p-5'), 'offline');
  });
});
