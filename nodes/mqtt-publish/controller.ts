/**
 * Publishes at QoS 1, and keeps what it is given while the broker is away: an acknowledgement that a restart of
 * the broker swallows would keep a device waiting. (`mqtt out` drops what it gets while it is not connected.)
 */
import { randomUUID } from 'node:crypto';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { endSession } from '../shared/mqtt-broker.ts';
import type { Controller } from '../shared/node.ts';
import { Problem } from '../shared/problem.ts';
import type { Message, NodeStatus } from '../shared/red.ts';

export interface MqttPublishOptions {
  url: string;
  connection: IClientOptions;
  /** Messages that may wait for the broker; more are refused. */
  maxWaiting: number;
  status(status: NodeStatus): void;
}

const RECONNECT_MS = 500;

export class MqttPublish implements Controller {
  readonly #client: MqttClient;
  readonly #options: MqttPublishOptions;
  #waiting = 0;

  constructor(options: MqttPublishOptions) {
    this.#options = options;
    const client = mqtt.connect(options.url, {
      ...options.connection,
      clientId: `cauce-publish-${randomUUID()}`,
      reconnectPeriod: RECONNECT_MS,
      // A broker that starts may refuse us until its accounts are loaded.
      reconnectOnConnackError: true,
      manualConnect: true,
    });
    client.on('connect', () => options.status({ fill: 'green', shape: 'dot', text: 'connected' }));
    client.on('close', () => options.status({ fill: 'red', shape: 'ring', text: 'not connected' }));
    // Refused connections and the like: the status tells, and the next attempt follows.
    client.on('error', () => {});
    client.connect();
    this.#client = client;
  }

  /** Resolves with the broker's PUBACK. @throws Problem `bad_request` without a topic, `unavailable` when full */
  async input({ topic, payload, retain }: Message): Promise<undefined> {
    if (typeof topic !== 'string' || topic === '' || /[+#]/.test(topic)) {
      throw new Problem('bad_request', 'msg.topic is no topic that can be published to.');
    }
    if (this.#waiting >= this.#options.maxWaiting) {
      throw new Problem('unavailable', `${this.#waiting} messages wait for the MQTT broker already.`);
    }
    this.#waiting++;
    try {
      await this.#client.publishAsync(topic, bytesOf(payload), { qos: 1, retain: retain === true });
    } finally {
      this.#waiting--;
    }
  }

  async close(): Promise<void> {
    await endSession(this.#client);
  }
}

const bytesOf = (payload: unknown): string | Buffer =>
  typeof payload === 'string' || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload ?? null);
