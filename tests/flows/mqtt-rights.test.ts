/** Who may say and hear what on the broker: mosquitto/acl and mosquitto.conf, on the real Mosquitto. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IClientOptions, MqttClient } from 'mqtt';
import { type Servers, startServers } from '../../local/servers.ts';
import { connectMqtt, nextMessage } from '../support/mqtt.ts';

/** Reason code of a PUBACK, MQTT 5 §3.4.2.1. */
const NOT_AUTHORIZED = 0x87;
const CONTROL = '$CONTROL/dynamic-security/v1';

/** Every topic of docs/device-protocol.md, from the side of vehicle A. */
const SAID_BY_A = [
  'vehicles/A/telemetry',
  'vehicles/A/status',
  'vehicles/A/missions/m-1/response',
  'vehicles/A/missions/m-1/progress',
];
const SAID_TO_A = [
  'vehicles/A/acks',
  'vehicles/A/errors',
  'vehicles/A/missions/m-1/request',
  'vehicles/A/missions/m-1/cancel',
];

describe('rights on the broker', () => {
  let dataDir: string;
  let servers: Servers;
  let runtime: MqttClient;
  const clients: MqttClient[] = [];
  const passwords: Record<string, string> = { A: 'password-a', B: 'password-b', 'acme/t-1': 'password-t' };

  before(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'cauce-rights-'));
    servers = await startServers({ dataDir, mysql: false, redis: false });
    passwords.provision = servers.provisionPassword;
    runtime = await connectMqtt(servers.mqttUrl, {});
    await runtime.subscribeAsync(['#', `${CONTROL}/response`], { qos: 1 });
    const created = nextMessage(runtime, `${CONTROL}/response`);
    const commands = ['A', 'B', 'acme/t-1'].map((username) => ({
      command: 'createClient',
      username,
      password: passwords[username],
    }));
    await runtime.publishAsync(CONTROL, JSON.stringify({ commands }), { qos: 1 });
    assert.doesNotMatch(JSON.stringify((await created).payload), /error/);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.endAsync(true);
  });
  after(async () => {
    await runtime?.endAsync(true);
    await servers?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  async function connect(username: string, options: IClientOptions = {}): Promise<MqttClient> {
    const { host } = new URL(servers.mqttUrl);
    const password = passwords[username] as string;
    const client = await connectMqtt(`mqtt://${host}`, { username, password, ...options });
    client.on('error', () => {});
    clients.push(client);
    return client;
  }

  /** Whether the broker takes it and passes it on. mqtt.js drops a connection on which it was refused. */
  async function says(username: string, topic: string): Promise<boolean> {
    const client = await connect(username);
    const { promise: heard, resolve } = Promise.withResolvers<void>();
    const listen = (name: string) => {
      if (name === topic) resolve();
    };
    runtime.on('message', listen);
    try {
      await client.publishAsync(topic, 'x', { qos: 1 });
      await heard;
      return true;
    } catch (error) {
      assert.equal((error as { code?: number }).code, NOT_AUTHORIZED, `${topic}: ${error}`);
      return false;
    } finally {
      runtime.off('message', listen);
    }
  }

  /** Which of the topics reach a client that has subscribed to everything it can think of. */
  async function hears(client: MqttClient, topics: string[], allowed: string): Promise<string[]> {
    const filters = [
      '#',
      '+/#',
      'vehicles/#',
      'vehicles/+/+',
      'provision/#',
      'provision/response/+',
      allowed,
    ];
    for (const filter of filters) await client.subscribeAsync(filter, { qos: 1 }).catch(() => {});
    const heard = new Set<string>();
    client.on('message', (topic) => heard.add(topic));
    // What is sent last and may be heard closes the row: the broker keeps the order.
    const last = nextMessage(client, allowed);
    for (const topic of [...topics, allowed]) await runtime.publishAsync(topic, 'x', { qos: 1 });
    await last;
    return [...heard].sort();
  }

  it('admits nobody without a name, with a wrong password or with an unknown name', async () => {
    const { host } = new URL(servers.mqttUrl);
    for (const account of [{}, { username: 'A', password: 'x' }, { username: 'Z', password: 'x' }]) {
      await assert.rejects(connectMqtt(`mqtt://${host}`, account), /Not authorized/);
    }
  });

  for (const topic of SAID_BY_A) {
    it(`lets vehicle A say ${topic}, and B not`, async () => {
      assert.equal(await says('A', topic), true);
      assert.equal(await says('B', topic), false);
    });
  }

  for (const topic of [
    ...SAID_TO_A,
    'vehicles/A',
    'vehicles/A/other',
    'provision/request',
    'provision/response/c-1',
    'sensors/acme/t-1/readings',
    CONTROL,
  ]) {
    it(`does not let a vehicle say ${topic}`, async () => assert.equal(await says('A', topic), false));
  }

  it('lets vehicle A hear what is for A, and nothing of others', async () => {
    const client = await connect('A');
    const others = ['vehicles/B/acks', 'vehicles/B/errors', 'vehicles/B/missions/m-1/request'];
    const said = ['vehicles/A/telemetry', 'vehicles/B/status', 'provision/request', 'provision/response/c-1'];
    const heard = await hears(client, [...others, ...said, ...SAID_TO_A.slice(1)], SAID_TO_A[0]!);
    assert.deepEqual(heard, [...SAID_TO_A].sort());
  });

  it('does not pass on the last will of a vehicle that speaks for another', async () => {
    const will = { topic: 'vehicles/B/status', payload: Buffer.from('{"state":"offline"}'), qos: 1 as const };
    const client = await connect('A', { will });
    let heard = false;
    const listen = (topic: string) => {
      heard ||= topic === will.topic;
    };
    runtime.on('message', listen);
    const gone = closed(client);
    client.stream.destroy();
    await gone;
    assert.equal(await says('B', 'vehicles/B/telemetry'), true);
    runtime.off('message', listen);
    assert.equal(heard, false);
  });

  it('lets the account for newcomers ask, and nothing else', async () => {
    assert.equal(await says('provision', 'provision/request'), true);
    for (const topic of [
      'provision/response/c-1',
      'vehicles/A/telemetry',
      'vehicles/provision/other',
      CONTROL,
    ]) {
      assert.equal(await says('provision', topic), false, topic);
    }
  });

  it('brings an answer to the client id that it is for, whatever others subscribe to', async () => {
    const client = await connect('provision', { clientId: 'c-1' });
    const responses = ['provision/response/c-2', 'provision/response/c-1/x', 'provision/request'];
    assert.deepEqual(await hears(client, responses, 'provision/response/c-1'), ['provision/response/c-1']);
  });

  it('lets a sensor say its readings only', async () => {
    assert.equal(await says('acme/t-1', 'sensors/acme/t-1/readings'), true);
    for (const topic of ['sensors/acme/t-2/readings', 'vehicles/A/telemetry', 'provision/request']) {
      assert.equal(await says('acme/t-1', topic), false, topic);
    }
  });

  it('takes no packet of more than 1 MiB', async () => {
    const client = await connect('A');
    const gone = closed(client);
    client.publish('vehicles/A/telemetry', 'x'.repeat(1024 * 1024), { qos: 1 }, () => {});
    await gone;
    assert.equal(await says('A', 'vehicles/A/telemetry'), true);
  });

  it('keeps its accounts over a restart', async () => {
    await servers.mosquitto!.stop();
    await servers.mosquitto!.start();
    runtime = await connectMqtt(servers.mqttUrl, {});
    await runtime.subscribeAsync('#', { qos: 1 });
    assert.equal(await says('A', 'vehicles/A/telemetry'), true);
  });
});

/** An 'error' may come first: the broker resets the connection. */
function closed(client: MqttClient): Promise<void> {
  return new Promise((resolve) => client.once('close', () => resolve()));
}
