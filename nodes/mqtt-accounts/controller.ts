/**
 * Keeps the broker's accounts in line with the vehicles that are registered: at every connect, at intervals,
 * and for the vehicles that a flow names. A failure is no more than a delay, the next round mends it.
 */
import type { IClientOptions } from 'mqtt';
import type { Pool } from 'mysql2/promise';
import { DynamicSecurity } from '../shared/dynsec.ts';
import type { Controller } from '../shared/node.ts';
import { type Changes, VehicleAccounts } from '../shared/vehicle-accounts.ts';

export interface MqttAccountsOptions {
  url: string;
  connection: IClientOptions;
  pool: Pool;
  closePool(): Promise<void>;
  secretsKey: Buffer;
  provisionPassword: string;
  intervalMs: number;
  batchSize: number;
  timeoutMs: number;
  log: { info(text: string): void; warn(text: string): void };
}

const RETRY_MS = 1_000;

export class MqttAccounts implements Controller {
  readonly pool: Pool;
  readonly secretsKey: Buffer;
  readonly #options: MqttAccountsOptions;
  readonly #broker: DynamicSecurity;
  readonly #accounts: VehicleAccounts;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #closed = false;
  #lastWarning = '';

  constructor(options: MqttAccountsOptions) {
    this.#options = options;
    this.pool = options.pool;
    this.secretsKey = options.secretsKey;
    this.#broker = new DynamicSecurity({
      url: options.url,
      connection: options.connection,
      timeoutMs: options.timeoutMs,
      onReady: () => this.#schedule(0),
      onClose: () => clearTimeout(this.#timer),
      // A refused connection to a name with two addresses is an AggregateError without a message.
      onError: (error) => this.#warn(`MQTT broker: ${error.message || (error as { code?: string }).code}`),
    });
    this.#accounts = new VehicleAccounts({ ...options, broker: this.#broker });
  }

  /**
   * Brings the broker's accounts of these vehicles in line with their rows, at once.
   *
   * @throws Problem `unavailable` when the broker is away; the rows take effect when it is back
   */
  async sync(vehicleIds: string[]): Promise<void> {
    try {
      this.#report(await this.#accounts.sync(vehicleIds));
    } catch (error) {
      if (this.#broker.connected) this.#schedule(RETRY_MS);
      throw error;
    }
  }

  /** Publishes at QoS 1; done when the broker has it. @throws Problem `unavailable` */
  publish(topic: string, payload: unknown): Promise<void> {
    return this.#broker.publish(topic, payload);
  }

  /** Resolves when the broker and its plugin answer. @throws Problem `unavailable` */
  async ping(): Promise<void> {
    await this.#broker.run([{ command: 'getDefaultACLAccess' }]);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#broker.close();
    await this.#round;
    await this.#options.closePool();
  }

  #schedule(delayMs: number): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#round = this.#round.then(() => this.#reconcile());
    }, delayMs);
  }

  async #reconcile(): Promise<void> {
    if (this.#closed || !this.#broker.connected) return;
    try {
      const changes = await this.#accounts.reconcile();
      if (changes.unreadable.length === 0) this.#lastWarning = '';
      this.#report(changes);
      this.#schedule(this.#options.intervalMs);
    } catch (error) {
      if (this.#closed) return;
      this.#warn(`Accounts of the MQTT broker not brought in line yet: ${(error as Error).message}`);
      // Without the broker there is nothing to retry: the next connect starts over.
      if (this.#broker.connected) this.#schedule(RETRY_MS);
    }
  }

  #report({ created, changed, deleted, unreadable }: Changes): void {
    if (created + changed + deleted > 0) {
      this.#options.log.info(
        `MQTT accounts brought in line: ${created} created, ${changed} changed, ${deleted} deleted`,
      );
    }
    if (unreadable.length > 0) {
      this.#warn(
        `${unreadable.length} MQTT passwords were sealed with another SECRETS_KEY, e.g. of ${unreadable[0]}`,
      );
    }
  }

  /** Once, not once a second, while it lasts. */
  #warn(text: string): void {
    if (text === this.#lastWarning || this.#closed) return;
    this.#lastWarning = text;
    this.#options.log.warn(text);
  }
}
