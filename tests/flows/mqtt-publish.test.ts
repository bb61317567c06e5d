/** `mqtt publish` on a real broker that comes and goes. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MqttClient } from 'mqtt';
import { type Servers, startServers } from '../../local/servers.ts';
import { MqttPublish } from '../../nodes/mqtt-publish/controller.ts';
import type { NodeStatus } from '../../nodes/shared/red.ts';
import { connectMqtt, nextMessage } from '../support/mqtt.ts';

describe('mqtt publish', function () {
  this.timeout(30_000);
  let dataDir: string;
  let servers: Servers;
  let listener: MqttClient;
  let node: MqttPublish;
  let statuses: NodeStatus[];

  before(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'cauce-publish-'));
    servers = await startServers({ dataDir, mysql: false, redis: false });
    const { host, username, password } = new URL(servers.mqttUrl);
    statuses = [];
    node = new MqttPublish({
      url: `mqtt://${host}`,
      connection: { username, password },
      maxWaiting: 3,
      status: (status) => statuses.push(status),
    });
    listener = await connectMqtt(servers.mqttUrl, {
      clientId: 'listener',
      clean: false,
      protocolVersion: 5,
      properties: { sessionExpiryInterval: 300 },
      reconnectPeriod: 50,
    });
    await listener.subscribeAsync('told/#', { qos: 1 });
  });
  after(async () => {
    await node?.close();
    await listener?.endAsync(true);
    await servers?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('publishes an object as JSON', async () => {
    const heard = nextMessage(listener, 'told/once');
    await node.input({ topic: 'told/once', payload: { seq: 7 } });
    assert.deepEqual((await heard).payload, { seq: 7 });
    assert.equal(statuses.at(-1)!.text, 'connected');
  });

  it('delivers once the broker is back what it got while it was away, and refuses what is too much', async () => {
    await servers.mosquitto!.stop();
    const heard = nextMessage(listener, 'told/later/3');
    const waiting = [1, 2, 3].map((seq) => node.input({ topic: `told/later/${seq}`, payload: { seq } }));
    await assert.rejects(node.input({ topic: 'told/later/4', payload: 4 }), { code: 'unavailable' });
    assert.equal(statuses.at(-1)!.text, 'not connected');
    await servers.mosquitto!.start();
    await Promise.all(waiting);
    assert.deepEqual((await heard).payload, { seq: 3 });
  });

  it('publishes to no filter and to no empty topic', async () => {
    for (const topic of ['told/#', 'told/+/x', '', undefined]) {
      await assert.rejects(node.input({ topic, payload: 1 }), { code: 'bad_request' });
    }
  });
});
