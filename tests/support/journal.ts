/**
 * Vehicles that send under load and write down what they sent and what they were told, to be compared with
 * the database afterwards: nothing lost, nothing twice.
 */
import assert from 'node:assert/strict';
import type { MqttClient } from 'mqtt';
import { eventually } from './eventually.ts';
import type { Product } from './product.ts';

const TICK_MS = 10;
const SETTLE_TIMEOUT_MS = 60_000;

export interface LoadOptions {
  vehicles: number;
  /** Samples a second, all vehicles together. */
  rate: number;
  /** Statuses a second. */
  statusRate?: number;
  /**
   * Statuses name a time. Without one, a status that the device itself sends twice, because a restart of the
   * broker took its PUBACK, is two.
   */
  statusTimes?: boolean;
}

interface Journal {
  id: string;
  /** The next sample's number. */
  next: number;
  /** The highest that was acknowledged to the device. */
  acknowledged: number;
  statuses: number;
}

let fleets = 0;

export class Fleet {
  readonly #product: Product;
  readonly #client: MqttClient;
  readonly #journals: Journal[];
  readonly #options: LoadOptions;
  #load: NodeJS.Timeout | undefined;
  #unconfirmed = 0;

  /** Registers vehicles, which publish by the runtime's own account, over one connection that comes back. */
  static async create(product: Product, options: LoadOptions): Promise<Fleet> {
    const ids = Array.from({ length: options.vehicles }, (_, index) => `fleet-${fleets}-${index}`);
    fleets++;
    await product.mysql.query('INSERT INTO vehicles (id, state) VALUES ?', [
      ids.map((id) => [id, 'registered']),
    ]);
    const { username, password } = new URL(product.servers.mqttUrl);
    const client = await product.mqttClient(username, decodeURIComponent(password), `fleet-${fleets}`, {
      clean: false,
      properties: { sessionExpiryInterval: 3_600 },
      reconnectPeriod: 100,
    });
    await client.subscribeAsync(`vehicles/+/acks`, { qos: 1 });
    return new Fleet(product, client, ids, options);
  }

  private constructor(product: Product, client: MqttClient, ids: string[], options: LoadOptions) {
    this.#product = product;
    this.#client = client;
    this.#options = options;
    this.#journals = ids.map((id) => ({ id, next: 1, acknowledged: 0, statuses: 0 }));
    const byId = new Map(this.#journals.map((journal) => [journal.id, journal]));
    client.on('message', (topic, payload) => {
      const journal = byId.get(topic.split('/')[1]!);
      const { seq } = JSON.parse(payload.toString());
      if (journal) journal.acknowledged = Math.max(journal.acknowledged, seq);
    });
  }

  /** Sends at the given rate until `stop`. */
  start(): void {
    const { rate, statusRate = 0 } = this.#options;
    let begin = performance.now();
    let turn = 0;
    let owed = 0;
    let statusesOwed = 0;
    this.#load = setInterval(() => {
      const now = performance.now();
      owed += ((now - begin) / 1000) * rate;
      statusesOwed += ((now - begin) / 1000) * statusRate;
      begin = now;
      for (; owed >= 1; owed--) this.#sample(this.#journals[turn++ % this.#journals.length]!);
      for (; statusesOwed >= 1; statusesOwed--) this.#status(this.#journals[turn++ % this.#journals.length]!);
    }, TICK_MS);
  }

  stop(): void {
    clearInterval(this.#load);
  }

  /** What devices do when they come back: sends again, in order, what was not acknowledged. */
  sendAgain(): void {
    for (const journal of this.#journals) {
      for (let seq = journal.acknowledged + 1; seq < journal.next; seq++) this.#publish(journal, seq);
    }
  }

  get sent(): number {
    return this.#journals.reduce((sum, { next }) => sum + next - 1, 0);
  }

  get acknowledged(): number {
    return this.#journals.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  }

  /** Resolves when the devices have heard of some further samples: ingest goes on. */
  async progress(samples = 50): Promise<void> {
    const before = this.acknowledged;
    await eventually(async () => this.acknowledged >= before + samples, SETTLE_TIMEOUT_MS);
  }

  /** After `stop`: everything that was sent is stored exactly once, and every device was told so. */
  async assertComplete(): Promise<void> {
    await eventually(async () => this.#unconfirmed === 0, SETTLE_TIMEOUT_MS);
    await eventually(async () => this.acknowledged === this.sent, SETTLE_TIMEOUT_MS).catch(() => {});
    const samples = await this.#count(
      'telemetry',
      'COUNT(*) AS n, COUNT(DISTINCT boot, seq) AS seqs, MAX(seq) AS last',
    );
    for (const { id, next } of this.#journals) {
      const { n = 0, seqs = 0, last = 0 } = samples.get(id) ?? {};
      assert.deepEqual({ id, n, seqs, last }, { id, n: next - 1, seqs: next - 1, last: next - 1 });
    }
    assert.equal(this.acknowledged, this.sent);
    await this.#assertStatuses();
  }

  /** Nobody is told of a stored status: they may come later than the samples. */
  async #assertStatuses(): Promise<void> {
    const sent = this.#journals.map(({ id, statuses }) => ({ id, statuses }));
    const stored = async () => {
      const rows = await this.#count('vehicle_statuses', 'COUNT(*) AS n');
      return sent.map(({ id }) => ({ id, statuses: rows.get(id)?.n ?? 0 }));
    };
    const all = sent.reduce((sum, { statuses }) => sum + statuses, 0);
    await eventually(async () => {
      const found = await stored();
      return found.reduce((sum, { statuses }) => sum + statuses, 0) >= all;
    }, SETTLE_TIMEOUT_MS).catch(() => {});
    assert.deepEqual(await stored(), sent);
  }

  /** At any time: what a device was told is stored is stored. */
  async assertAcknowledgedStored(): Promise<void> {
    const acknowledged = this.#journals.map((journal) => ({ ...journal }));
    const samples = await this.#count('telemetry', 'COUNT(*) AS n, MAX(seq) AS last');
    for (const { id, acknowledged: seq } of acknowledged) {
      const [{ n }] = (await this.#product.sql(
        'SELECT COUNT(*) AS n FROM telemetry t JOIN vehicles v ON v.no = t.vehicle_no WHERE v.id = ? AND seq <= ?',
        [id, seq],
      )) as [{ n: number }];
      assert.equal(n, seq, `${id}: ${JSON.stringify(samples.get(id))}`);
    }
  }

  async #count(table: string, what: string) {
    const rows = await this.#product.sql<{ id: string; n: number; seqs?: number; last?: number }>(
      `SELECT v.id, ${what} FROM ${table} t JOIN vehicles v ON v.no = t.vehicle_no
       WHERE v.id IN (?) GROUP BY v.id`,
      [this.#journals.map(({ id }) => id)],
    );
    return new Map(rows.map((row) => [row.id, row]));
  }

  #sample(journal: Journal): void {
    this.#publish(journal, journal.next++);
  }

  #publish({ id }: Journal, seq: number): void {
    // Equal in every delivery but one: the time says when it was measured.
    this.#send(`vehicles/${id}/telemetry`, { ts: START + seq, boot: 'b', seq, lat: seq / 1e6 });
  }

  /** Some of them equal to the one before, but for the time. */
  #status(journal: Journal): void {
    const number = journal.statuses++;
    const ts = this.#options.statusTimes ? { ts: START + number } : {};
    this.#send(`vehicles/${journal.id}/status`, {
      state: 'busy',
      battery_pct: Math.floor(number / 3) % 100,
      ...ts,
    });
  }

  #send(topic: string, payload: object): void {
    this.#unconfirmed++;
    this.#client.publish(topic, JSON.stringify(payload), { qos: 1 }, (error) => {
      assert.ifError(error ?? null);
      this.#unconfirmed--;
    });
  }
}

const START = Date.now() - 3_600_000;
