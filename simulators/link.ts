/**
 * One MQTT connection, from CONNECT to its end. It does not reconnect: whoever holds it decides when to try
 * again and what has to be sent again, which for a device is the point of the exercise.
 */
import { connect, type IClientOptions, type MqttClient } from 'mqtt';

export interface LinkOptions {
  /** Host and port: `mqtt://127.0.0.1:1883`. User and password are given apart. */
  url: string;
  username: string;
  password: string;
  clientId: string;
  /** Seconds for which the broker keeps subscriptions and messages after the connection ended; 0: not at all. */
  sessionExpiryS: number;
  /** Subscribed, with QoS 1, before the link counts as open. */
  subscribe: string[];
  will?: { topic: string; payload: string };
  /** Called for messages of a resumed session too, which may come before `openLink` resolves. */
  onMessage(topic: string, payload: Buffer): void;
}

export interface Link {
  /** Publishes with QoS 1. Resolves with the broker's PUBACK, rejects when it refuses or the link ends. */
  publish(topic: string, payload: unknown, options?: { retain: boolean }): Promise<void>;
  /** Resolves when the connection has ended, for whatever reason. */
  readonly closed: Promise<void>;
  /** Ends it with a DISCONNECT, so that the last will is not sent. */
  close(): Promise<void>;
}

export type OpenLink = (options: LinkOptions) => Promise<Link>;

/** The broker answered the CONNECT with a refusal of this user and password. */
export class LoginRefused extends Error {
  override readonly name = 'LoginRefused';
}

/** CONNACK: MQTT 5 "Bad User Name or Password" and "Not authorized" (3.2.2.2), and their 3.1.1 ancestors. */
const REFUSALS = new Set([0x86, 0x87, 4, 5]);
const CONNECT_TIMEOUT_MS = 10_000;
const KEEPALIVE_S = 30;

/** @throws LoginRefused; any other error is the network's or the broker's */
export const openLink: OpenLink = async (options) => {
  const client = connect(options.url, clientOptions(options));
  client.on('message', options.onMessage);
  // A connection that fails ends with `close`, which is what counts; unheard, `error` would be thrown.
  client.on('error', () => {});
  const closed = new Promise<void>((resolve) => client.once('close', resolve));
  try {
    await connected(client);
    if (options.subscribe.length > 0) await client.subscribeAsync(options.subscribe, { qos: 1 });
  } catch (error) {
    client.end(true);
    throw error;
  }
  // Publishes that wait for their PUBACK are told so.
  client.once('close', () => client.end(true));
  return {
    closed,
    async publish(topic, payload, { retain } = { retain: false }) {
      await client.publishAsync(topic, JSON.stringify(payload), { qos: 1, retain });
    },
    async close() {
      await client.endAsync();
    },
  };
};

function clientOptions({ username, password, clientId, sessionExpiryS, will }: LinkOptions): IClientOptions {
  return {
    username,
    password,
    clientId,
    // With MQTT 5 the broker says so when it refuses a publish; with 3.1.1 it acknowledges and drops it.
    protocolVersion: 5,
    clean: sessionExpiryS === 0,
    properties: { sessionExpiryInterval: sessionExpiryS },
    keepalive: KEEPALIVE_S,
    connectTimeout: CONNECT_TIMEOUT_MS,
    reconnectPeriod: 0,
    resubscribe: false,
    ...(will && { will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: true } }),
  };
}

function connected(client: MqttClient): Promise<void> {
  return new Promise((resolve, reject) => {
    client.once('connect', () => resolve());
    client.once('error', (error: Error & { code?: number | string }) => {
      reject(REFUSALS.has(error.code as number) ? new LoginRefused(error.message) : error);
    });
    client.once('close', () => reject(new Error('The connection ended before it was open.')));
  });
}
