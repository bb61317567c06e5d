/** A vehicle's way to an account of its own: over real MQTT, through the shipped flows. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type EventEmitter, once } from 'node:events';
import type { MqttClient } from 'mqtt';
import { eventually } from '../support/eventually.ts';
import { nextMessage, type Product } from '../support/product.ts';
import { sharedProduct } from '../support/shared-product.ts';
import { claim, pendingVehicle, registeredVehicle } from '../support/vehicle.ts';

/** What a revocation may take until the session is gone. */
const DROPPED_WITHIN_MS = 1_000;

describe('registration', () => {
  let product: Product;

  before(async () => {
    product = await sharedProduct();
  });

  /** Sends requests from one client, and answers what came back, in order. */
  async function ask(...requests: Array<Record<string, unknown> | string>): Promise<any[]> {
    const clientId = `asker-${randomUUID()}`;
    const client = await product.mqttClient('provision', product.provisionPassword, clientId);
    await client.subscribeAsync(`provision/response/${clientId}`, { qos: 1 });
    const answers: any[] = [];
    for (const request of requests) {
      const answer = nextMessage(client, `provision/response/${clientId}`);
      const given = typeof request === 'string' ? request : { client_id: clientId, ...request };
      await client.publishAsync(
        'provision/request',
        typeof given === 'string' ? given : JSON.stringify(given),
        { qos: 1 },
      );
      answers.push((await answer).payload);
    }
    await client.endAsync();
    return answers;
  }

  const ledger = async (vehicleId: string, code: string) => {
    const { body } = await product.asAdmin('GET', `/api/rejections?vehicle_id=${vehicleId}&limit=200`);
    return body.items.find((item: any) => item.code === code);
  };

  async function refusedLogin(username: string, password: string): Promise<void> {
    await assert.rejects(product.mqttClient(username, password), /Not authorized|Bad User Name or Password/i);
  }

  it('trades a claim code for an account with which the vehicle reports', async () => {
    const vehicle = await registeredVehicle(product, 'reg-1');
    assert.equal(vehicle.username, 'reg-1');
    const client = await vehicle.connect();
    await client.subscribeAsync('vehicles/reg-1/acks', { qos: 1 });
    const ack = nextMessage(client, 'vehicles/reg-1/acks');
    const sample = { ts: new Date().toISOString(), boot: 'b', seq: 0, lat: 40.4, lon: -3.7 };
    await client.publishAsync('vehicles/reg-1/telemetry', JSON.stringify(sample), { qos: 1 });
    assert.deepEqual((await ack).payload, { boot: 'b', seq: 0 });
    const { body } = await product.asAdmin('GET', '/api/vehicles/reg-1');
    assert.equal(body.state, 'registered');
    assert.equal(body.latest_telemetry.lat, 40.4);
  });

  it('takes a code as people type it', async () => {
    const code = await pendingVehicle(product, 'reg-typed');
    const typed = code.toLowerCase().replaceAll('-', ' ');
    assert.equal((await claim(product, 'reg-typed', typed)).status, 'registered');
  });

  it('gives the same request the same answer, and any other `claim_used`', async () => {
    const claim_code = await pendingVehicle(product, 'reg-2');
    const request = { request_id: 'r-1', vehicle_id: 'reg-2', claim_code };
    const [first, again, other] = await ask(request, request, { ...request, request_id: 'r-2' });
    assert.equal(first.status, 'registered');
    assert.deepEqual(again, first);
    assert.deepEqual([other.request_id, other.status, other.code], ['r-2', 'rejected', 'claim_used']);
    assert.equal((await claim(product, 'reg-2', claim_code)).code, 'claim_used');
  });

  it('does not end the session of a vehicle whose request is delivered again', async () => {
    const claim_code = await pendingVehicle(product, 'reg-3');
    const request = { request_id: 'r-1', client_id: 'reg-3-client', vehicle_id: 'reg-3', claim_code };
    const asker = await product.mqttClient('provision', product.provisionPassword, 'reg-3-client');
    await asker.subscribeAsync('provision/response/reg-3-client', { qos: 1 });
    const send = async () => {
      const answer = nextMessage(asker, 'provision/response/reg-3-client');
      await asker.publishAsync('provision/request', JSON.stringify(request), { qos: 1 });
      return (await answer).payload;
    };
    const { username, password } = await send();
    const client = await product.mqttClient(username, password);
    assert.equal((await send()).password, password);
    await client.publishAsync('vehicles/reg-3/status', '{"state":"idle"}', { qos: 1 });
    assert.ok(client.connected);
  });

  it('refuses an expired code', async () => {
    const code = await pendingVehicle(product, 'reg-4');
    await product.sql('UPDATE vehicles SET claim_expires_at = UTC_TIMESTAMP(3) WHERE id = ?', ['reg-4']);
    assert.equal((await claim(product, 'reg-4', code)).code, 'claim_expired');
  });

  it('tells a wrong code from an unknown vehicle to nobody', async () => {
    await pendingVehicle(product, 'reg-5');
    const [wrong, unknown] = await ask(
      { request_id: 'r', vehicle_id: 'reg-5', claim_code: '0000-0000' },
      { request_id: 'r', vehicle_id: 'reg-nobody', claim_code: '0000-0000' },
    );
    assert.equal(wrong.code, 'invalid_claim');
    assert.deepEqual(unknown, wrong);
    const entry = await eventually(() => ledger('reg-5', 'invalid_claim'));
    assert.equal(entry.topic, 'provision/request');
    assert.ok(!entry.sample.includes('0000-0000'));
  });

  it('stops guessing', async () => {
    const claim_code = await pendingVehicle(product, 'reg-6');
    const wrong = { request_id: 'r', vehicle_id: 'reg-6', claim_code: 'guess' };
    const answers = await ask(...Array.from({ length: 11 }, () => wrong), { ...wrong, claim_code });
    assert.deepEqual(
      answers.slice(-2).map(({ code }) => code),
      ['too_many_requests', 'too_many_requests'],
    );
  });

  it('answers what is malformed as far as it can, and counts all of it without the code', async () => {
    const code = await pendingVehicle(product, 'reg-7');
    const clientId = `asker-${randomUUID()}`;
    const observer = await product.mqttObserver('provision/response/+');
    const answer = nextMessage(observer, `provision/response/${clientId}`);
    const rejections = async () =>
      (await product.asAdmin('GET', '/api/rejections?limit=200')).body.items.filter(
        (item: any) => item.topic === 'provision/request',
      );
    const client = await product.mqttClient('provision', product.provisionPassword, clientId);
    const base = { request_id: 'r-1', client_id: clientId, vehicle_id: 'reg-7', claim_code: code };
    for (const payload of [
      JSON.stringify({ ...base, extra: 1 }),
      `{"claim_code":"${code}"`,
      JSON.stringify({ ...base, client_id: 'a/+/#' }),
      JSON.stringify([base]),
    ]) {
      await client.publishAsync('provision/request', payload, { qos: 1 });
    }
    const { payload } = await answer;
    assert.deepEqual([payload.request_id, payload.status], ['r-1', 'rejected']);
    await eventually(async () => {
      const entries = await rejections();
      assert.ok(entries.some((entry: any) => entry.code === 'invalid_json'));
      assert.ok(entries.some((entry: any) => entry.code === 'schema'));
      assert.ok(!JSON.stringify(entries).includes(code));
      return true;
    });
    assert.equal((await claim(product, 'reg-7', code)).status, 'registered');
    await observer.endAsync();
  });

  it('shows the answer to the client that asked and to nobody else', async () => {
    const claim_code = await pendingVehicle(product, 'reg-8');
    const vehicle = await registeredVehicle(product, 'reg-spy');
    const spies: MqttClient[] = [
      await product.mqttClient('provision', product.provisionPassword, 'spy-1'),
      await vehicle.connect(),
    ];
    const heard: string[] = [];
    for (const spy of spies) {
      spy.on('message', (topic) => heard.push(topic));
      for (const filter of ['#', 'provision/#', 'provision/response/+', 'provision/response/reg-8-client']) {
        await spy.subscribeAsync(filter, { qos: 1 }).catch(() => {});
      }
    }
    const client = await product.mqttClient('provision', product.provisionPassword, 'reg-8-client');
    await client.subscribeAsync('provision/response/reg-8-client', { qos: 1 });
    const answer = nextMessage(client, 'provision/response/reg-8-client');
    const request = { request_id: 'r', client_id: 'reg-8-client', vehicle_id: 'reg-8', claim_code };
    await client.publishAsync('provision/request', JSON.stringify(request), { qos: 1 });
    assert.equal((await answer).payload.status, 'registered');
    // What the broker had for the spies left before what it answers them now.
    for (const spy of spies) if (spy.connected) await spy.unsubscribeAsync('nothing');
    assert.deepEqual(heard, []);
  });

  it('gives a registered vehicle a new account with a new code, and keeps the old one until then', async () => {
    const vehicle = await registeredVehicle(product, 'reg-9');
    const { status, body } = await product.asAdmin('POST', '/api/vehicles/reg-9/claim');
    assert.deepEqual([status, body.state], [201, 'registered']);
    const client = await vehicle.connect();
    const closed = closing(client);
    const answer = await claim(product, 'reg-9', body.claim_code);
    assert.equal(answer.status, 'registered');
    await closed;
    await refusedLogin(vehicle.username, vehicle.password);
    await (await product.mqttClient(answer.username, answer.password)).endAsync();
  });

  it('voids a code when a new one is made', async () => {
    const old = await pendingVehicle(product, 'reg-10');
    const { body } = await product.asAdmin('POST', '/api/vehicles/reg-10/claim');
    assert.equal((await claim(product, 'reg-10', old)).code, 'invalid_claim');
    assert.equal((await claim(product, 'reg-10', body.claim_code)).status, 'registered');
  });

  it('revokes: the session ends at once, its login and its messages are refused', async () => {
    const vehicle = await registeredVehicle(product, 'reg-11');
    const client = await vehicle.connect();
    const closed = closing(client);
    const begin = performance.now();
    assert.equal((await product.asAdmin('DELETE', '/api/vehicles/reg-11')).status, 204);
    await closed;
    assert.ok(performance.now() - begin < DROPPED_WITHIN_MS);
    await refusedLogin(vehicle.username, vehicle.password);

    // The broker would not let it through; the runtime does not rely on that.
    const insider = await product.mqttObserver('nothing');
    await insider.publishAsync('vehicles/reg-11/telemetry', JSON.stringify({ ts: Date.now() }), { qos: 1 });
    await eventually(() => ledger('reg-11', 'not_registered'));
    const { body } = await product.asAdmin('GET', '/api/vehicles/reg-11/telemetry');
    assert.deepEqual(body.items, []);
    await insider.endAsync();
  });

  it('takes a revoked vehicle back with a new code', async () => {
    await registeredVehicle(product, 'reg-12');
    await product.asAdmin('DELETE', '/api/vehicles/reg-12');
    const { body } = await product.asAdmin('POST', '/api/vehicles/reg-12/claim');
    assert.equal(body.state, 'pending');
    const answer = await claim(product, 'reg-12', body.claim_code);
    assert.equal(answer.status, 'registered');
    await (await product.mqttClient(answer.username, answer.password)).endAsync();
  });

  it('leaves no code or password in the database, the log or the metrics', async () => {
    const code = await pendingVehicle(product, 'reg-13');
    const { password } = await claim(product, 'reg-13', code);
    const [row] = await product.sql('SELECT * FROM vehicles WHERE id = ?', ['reg-13']);
    const metrics = (await product.api('GET', '/metrics')).body as string;
    const kept = JSON.stringify(row, (_, value) =>
      value?.type === 'Buffer' ? Buffer.from(value.data).toString('latin1') : value,
    );
    for (const place of [kept, metrics, JSON.stringify(product.logs())]) {
      assert.ok(!place.includes(code) && !place.includes(password));
    }
  });

  it('registers a fleet that comes all at once', async () => {
    const ids = Array.from({ length: 60 }, (_, index) => `fleet-${index}`);
    const codes = await Promise.all(ids.map((id) => pendingVehicle(product, id)));
    const answers = await Promise.all(ids.map((id, index) => claim(product, id, codes[index]!)));
    assert.deepEqual(
      answers.map(({ username }) => username),
      ids,
    );
    assert.equal(new Set(answers.map(({ password }) => password)).size, ids.length);
  });
});

/** mqtt.js types its events in a way that `once` does not take. */
const closing = (client: MqttClient) => once(client as unknown as EventEmitter, 'close');
