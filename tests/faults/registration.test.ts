/** Registration while what it needs is killed, wiped or away. Nobody helps: it has to heal by itself. */
import assert from 'node:assert/strict';
import { randomInt, randomUUID } from 'node:crypto';
import { type EventEmitter, once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { MqttClient } from 'mqtt';
import { ensureAccounts } from '../../mosquitto/accounts.ts';
import { eventually } from '../support/eventually.ts';
import { nextMessage, type Product, startProduct } from '../support/product.ts';
import { pendingVehicle, type RegisteredVehicle, registeredVehicle } from '../support/vehicle.ts';

const FLEET = 12;
const KILLS = 4;
const PATIENCE_MS = 60_000;
const RETRY_MS = 700;

describe('registration under faults', function () {
  this.timeout(120_000);
  let product: Product;

  before(async () => {
    product = await startProduct({ privateMysql: true });
  });
  after(() => product?.stop());

  /** As the device protocol asks: the same request again and again, until an answer comes. */
  async function persist(vehicleId: string, claimCode: string): Promise<any> {
    const clientId = `device-${randomUUID()}`;
    const topic = `provision/response/${clientId}`;
    const request = { request_id: 'r', client_id: clientId, vehicle_id: vehicleId, claim_code: claimCode };
    const end = performance.now() + PATIENCE_MS;
    while (performance.now() < end) {
      try {
        const client = await product.mqttClient('provision', product.provisionPassword, clientId);
        try {
          await client.subscribeAsync(topic, { qos: 1 });
          const answer = nextMessage(client, topic, undefined, RETRY_MS);
          answer.catch(() => {});
          await client.publishAsync('provision/request', JSON.stringify(request), { qos: 1 });
          return (await answer).payload;
        } finally {
          await client.endAsync(true);
        }
      } catch {
        await delay(randomInt(50));
      }
    }
    throw new Error(`${vehicleId} got no answer.`);
  }

  const logsIn = async ({ username, password }: { username: string; password: string }) =>
    (await product.mqttClient(username, password)).endAsync();

  it('answers everybody in the end, once, while the runtime is killed again and again', async () => {
    const ids = Array.from({ length: FLEET }, (_, index) => `kill-${index}`);
    const codes = await Promise.all(ids.map((id) => pendingVehicle(product, id)));
    const killing = (async () => {
      for (let kill = 0; kill < KILLS; kill++) {
        await delay(randomInt(30, 400));
        await product.runtime.kill();
        await product.runtime.start();
      }
    })();
    const fleet = ids.map(async (id, index) => {
      await delay(randomInt(1_500));
      return persist(id, codes[index]!);
    });
    const answers = await Promise.all(fleet);
    await killing;
    for (const [index, answer] of answers.entries()) {
      assert.deepEqual([answer.status, answer.username], ['registered', ids[index]]);
      await logsIn(answer);
    }
  });

  it('gives back its accounts to a broker that has lost them', async () => {
    const vehicles = [await registeredVehicle(product, 'wipe-1'), await registeredVehicle(product, 'wipe-2')];
    await product.asAdmin('DELETE', '/api/vehicles/wipe-2');
    await wipeBroker();
    await eventually(() => logsIn(vehicles[0]!).then(() => true));
    await assert.rejects(logsIn(vehicles[1]!));
    // New vehicles can ask, too.
    await registeredVehicle(product, 'wipe-3');
  });

  it('gives back its accounts after a crash between the database and the broker', async () => {
    const vehicle = await registeredVehicle(product, 'half-1');
    await product.runtime.kill();
    await wipeBroker();
    await assert.rejects(logsIn(vehicle));
    await product.runtime.start();
    await eventually(() => logsIn(vehicle).then(() => true));
  });

  it('gives back an account that was deleted by hand, and touches no account of others', async () => {
    const vehicle = await registeredVehicle(product, 'hand-1');
    await control([
      { command: 'deleteClient', username: 'hand-1' },
      { command: 'createClient', username: 'theirs', password: 'theirs' },
      { command: 'createClient', username: 'acme/s-1', password: 'theirs', textname: 'a sensor' },
      { command: 'createClient', username: 'ghost', password: 'x', textname: 'cauce vehicle 0' },
    ]);
    await restartBroker();
    await eventually(() => logsIn(vehicle).then(() => true));
    await logsIn({ username: 'theirs', password: 'theirs' });
    await logsIn({ username: 'acme/s-1', password: 'theirs' });
    await assert.rejects(logsIn({ username: 'ghost', password: 'x' }));
  });

  it('revokes while the broker is away, and the broker follows', async () => {
    const vehicle = await registeredVehicle(product, 'away-1');
    await product.servers.mosquitto!.stop();
    const answer = await product.asAdmin('DELETE', '/api/vehicles/away-1');
    assert.equal(answer.status, 204);
    assert.equal((await product.asAdmin('GET', '/api/vehicles/away-1')).body.state, 'revoked');
    await product.servers.mosquitto!.start();
    await eventually(() =>
      logsIn(vehicle).then(
        () => false,
        (error) => /Not authorized/i.test(error.message),
      ),
    );
  });

  it('waits for a database that is away, and answers then', async () => {
    const code = await pendingVehicle(product, 'db-1');
    const vehicle = await connectAsking('db-1', code);
    await product.servers.mysql!.stop();
    await vehicle.send();
    await delay(300);
    await product.servers.mysql!.start();
    const { payload } = await vehicle.answer;
    assert.equal(payload.status, 'registered');
    await logsIn(payload);
  });

  it('is not ready while the broker is away, and says why', async () => {
    await product.servers.mosquitto!.stop();
    const { status, body } = await eventually(async () => {
      const answer = await product.api('GET', '/readyz');
      return answer.status === 503 ? answer : undefined;
    });
    assert.deepEqual([status, body.ready], [503, false]);
    assert.equal(body.dependencies.mqtt.state, 'failed');
    assert.match(body.dependencies.mqtt.reason, /broker/i);
    assert.equal(body.dependencies.mysql.state, 'ok');
    assert.equal((await product.api('GET', '/healthz')).status, 200);
    await product.servers.mosquitto!.start();
    await eventually(async () => (await product.api('GET', '/readyz')).status === 200);
  });

  it('keeps the session of a vehicle when only the runtime is killed', async () => {
    const vehicle = await registeredVehicle(product, 'keep-1');
    const client = await vehicle.connect();
    let closed = false;
    client.on('close', () => {
      closed = true;
    });
    await product.runtime.kill();
    await product.runtime.start();
    await eventually(async () => (await product.api('GET', '/readyz')).status === 200);
    assert.equal(closed, false);
    await ends(client, vehicle);
  });

  async function ends(client: MqttClient, { id }: RegisteredVehicle): Promise<void> {
    const closed = once(client as unknown as EventEmitter, 'close');
    await product.asAdmin('DELETE', `/api/vehicles/${id}`);
    await closed;
  }

  async function connectAsking(vehicle_id: string, claim_code: string) {
    const client_id = `device-${randomUUID()}`;
    const client = await product.mqttClient('provision', product.provisionPassword, client_id);
    await client.subscribeAsync(`provision/response/${client_id}`, { qos: 1 });
    const answer = nextMessage(client, `provision/response/${client_id}`, undefined, PATIENCE_MS);
    const request = JSON.stringify({ request_id: 'r', client_id, vehicle_id, claim_code });
    return { answer, send: () => client.publishAsync('provision/request', request, { qos: 1 }) };
  }

  async function restartBroker(): Promise<void> {
    await product.servers.mosquitto!.stop();
    await product.servers.mosquitto!.start();
  }

  /** A broker whose disk was lost: it knows the runtime's account and nothing else. */
  async function wipeBroker(): Promise<void> {
    const accounts = join(product.dataDir, 'mosquitto/dynamic-security.json');
    await product.servers.mosquitto!.stop();
    rmSync(accounts);
    const { password } = new URL(product.servers.mqttUrl);
    ensureAccounts(accounts, { cauce: decodeURIComponent(password) });
    await product.servers.mosquitto!.start();
  }

  async function control(commands: object[]): Promise<void> {
    const topic = '$CONTROL/dynamic-security/v1';
    const client = await product.mqttObserver(`${topic}/response`);
    const answer = nextMessage(client, `${topic}/response`);
    await client.publishAsync(topic, JSON.stringify({ commands }), { qos: 1 });
    assert.doesNotMatch(JSON.stringify((await answer).payload), /error/);
    await client.endAsync();
  }
});
