/**
 * Mosquitto's dynamic security plugin, spoken over MQTT: commands go to `$CONTROL/dynamic-security/v1`, and
 * the broker answers to everybody who may read the response topic, at QoS 0. Hence each batch of commands
 * carries a number of ours, and waits a bounded time for the answer with that number.
 *
 * Nothing is ever resent by this client: a command that was lost is a command whose sender decides anew,
 * from the database, what the broker should hold.
 */
import { randomUUID } from 'node:crypto';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { Problem } from './problem.ts';

export interface Command {
  command: string;
  [argument: string]: unknown;
}

/** `error` is a sentence of the plugin, e.g. `Client not found`; without one the command was done. */
export interface Reply {
  command: string;
  error?: string;
  data?: Record<string, unknown>;
}

export interface DynamicSecurityOptions {
  url: string;
  connection: IClientOptions;
  /** How long an answer may take. Milliseconds. */
  timeoutMs: number;
  /** Called at every connect, once answers can arrive. */
  onReady: () => void;
  onClose: () => void;
  onError: (error: Error) => void;
}

const REQUEST_TOPIC = '$CONTROL/dynamic-security/v1';
const RESPONSE_TOPIC = `${REQUEST_TOPIC}/response`;
const RECONNECT_MS = 1_000;

export class DynamicSecurity {
  readonly #client: MqttClient;
  readonly #options: DynamicSecurityOptions;
  readonly #pending = new Map<string, (replies: Reply[]) => void>();
  readonly #waiting = new Set<(lost: Error) => void>();

  constructor(options: DynamicSecurityOptions) {
    this.#options = options;
    this.#client = mqtt.connect(options.url, {
      ...options.connection,
      // A session of its own, gone when it ends: nothing here is worth keeping for later.
      clientId: `cauce-accounts-${randomUUID()}`,
      clean: true,
      // A broker that has not loaded its accounts yet refuses us: that is a reason to try again.
      reconnectOnConnackError: true,
      reconnectPeriod: RECONNECT_MS,
      resubscribe: false,
      manualConnect: true,
    });
    this.#client.on('connect', () => void this.#subscribe());
    this.#client.on('message', (_topic, payload) => this.#receive(payload));
    this.#client.on('close', () => this.#lost());
    this.#client.on('error', options.onError);
    this.#client.connect();
  }

  get connected(): boolean {
    return this.#client.connected;
  }

  /**
   * Runs commands one after the other; one that fails does not stop the next.
   *
   * @throws Problem `unavailable`: not connected, connection lost, or no answer in time. Any of the commands
   * may have been done.
   */
  async run(commands: Command[]): Promise<Reply[]> {
    if (commands.length === 0) return [];
    if (!this.connected) throw new Problem('unavailable', 'The MQTT broker is not connected.');
    const correlationData = randomUUID();
    const body = { commands: commands.map((command) => ({ ...command, correlationData })) };
    const { promise, resolve, reject } = Promise.withResolvers<Reply[]>();
    const timer = setTimeout(() => {
      reject(new Problem('unavailable', 'The dynamic security plugin of the MQTT broker did not answer.'));
    }, this.#options.timeoutMs);
    this.#pending.set(correlationData, resolve);
    // QoS 0: MQTT.js would send a QoS 1 message again after a reconnect, when it may be out of date.
    this.#client.publish(REQUEST_TOPIC, JSON.stringify(body), { qos: 0 });
    try {
      return await this.#whileConnected(promise);
    } finally {
      clearTimeout(timer);
      this.#pending.delete(correlationData);
    }
  }

  /**
   * Publishes at QoS 1 and waits for the broker's PUBACK.
   *
   * @throws Problem `unavailable` when the broker is not connected or goes away before it answers
   */
  async publish(topic: string, payload: unknown): Promise<void> {
    if (!this.connected) throw new Problem('unavailable', 'The MQTT broker is not connected.');
    await this.#whileConnected(this.#client.publishAsync(topic, JSON.stringify(payload), { qos: 1 }));
  }

  async close(): Promise<void> {
    // MQTT.js that is ended before it was connected goes on reconnecting.
    this.#client.options.reconnectPeriod = 0;
    await this.#client.endAsync(true);
  }

  async #subscribe(): Promise<void> {
    try {
      await this.#client.subscribeAsync(RESPONSE_TOPIC);
    } catch (error) {
      // Lost again meanwhile: the next connect comes here, too.
      if (this.connected) this.#options.onError(error as Error);
      return;
    }
    this.#options.onReady();
  }

  #receive(payload: Buffer): void {
    let answer: { responses?: Array<Reply & { correlationData?: string }> };
    try {
      answer = JSON.parse(payload.toString());
    } catch {
      return;
    }
    // Another administrator's answers arrive here as well: their numbers are not in the map.
    const replies = answer.responses ?? [];
    this.#pending.get(replies[0]?.correlationData ?? '')?.(replies);
  }

  async #whileConnected<T>(work: Promise<T>): Promise<T> {
    const lost = Promise.withResolvers<never>();
    this.#waiting.add(lost.reject);
    try {
      return await Promise.race([work, lost.promise]);
    } finally {
      this.#waiting.delete(lost.reject);
    }
  }

  #lost(): void {
    for (const reject of this.#waiting) reject(new Problem('unavailable', 'The MQTT broker went away.'));
    this.#options.onClose();
  }
}
