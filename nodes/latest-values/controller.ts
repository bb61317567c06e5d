/**
 * The newest item of each sender, in Redis. A copy for speed: it never holds up ingest, and what could not be
 * written is written when Redis is back, the newest of each sender only.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { batchOf, type Item, topicTemplate } from '../shared/ingest/batch.ts';
import type { Controller } from '../shared/node.ts';
import type { Message } from '../shared/red.ts';

/** What is needed of ioredis. */
export interface RedisClient {
  status: string;
  pipeline(): RedisPipeline;
  on(event: 'ready', listener: () => void): unknown;
  off(event: 'ready', listener: () => void): unknown;
}
interface RedisPipeline {
  set(key: string, value: string, unit: 'EX', seconds: number): unknown;
  exec(): Promise<unknown>;
}

export interface LatestValuesOptions {
  client: RedisClient;
  /** With `{name}` for a named level of the topic. */
  key: string;
  ttlSeconds: number;
}

/** Senders that are remembered; of one that fell out, the next item counts as the newest. */
const CAPACITY = 20_000;
/** Between two writes: more than ten a second would not be newer to a person, and cost the more senders there are. */
const PAUSE_MS = 100;

export class LatestValuesController implements Controller {
  readonly #options: LatestValuesOptions;
  readonly #newest = new LRUCache<string, Item>({ max: CAPACITY });
  readonly #unwritten = new Map<string, Item>();
  readonly #keyOf: ReturnType<typeof topicTemplate>;
  #writing: Promise<void> | undefined;
  readonly #onReady = () => this.#write();

  constructor(options: LatestValuesOptions) {
    this.#options = options;
    this.#keyOf = topicTemplate(options.key);
    options.client.on('ready', this.#onReady);
  }

  input(message: Message): undefined {
    for (const item of batchOf(message).items) {
      const key = this.#keyOf(item.params);
      if (!key) continue;
      const newest = this.#newest.get(key);
      if (newest && (timeOf(item) - timeOf(newest) || item.arrival - newest.arrival) < 0) continue;
      this.#newest.set(key, item);
      this.#unwritten.set(key, item);
    }
    this.#write();
  }

  async close(): Promise<void> {
    this.#options.client.off('ready', this.#onReady);
    await this.#writing;
  }

  /** One pipeline at a time; of what comes meanwhile, the newest goes into the next. */
  #write(): void {
    const { client, ttlSeconds } = this.#options;
    if (this.#writing || this.#unwritten.size === 0 || client.status !== 'ready') return;
    const written = [...this.#unwritten];
    this.#unwritten.clear();
    const pipeline = client.pipeline();
    for (const [key, item] of written) pipeline.set(key, textOf(item), 'EX', ttlSeconds);
    this.#writing = pipeline.exec().then(
      async () => {
        await delay(PAUSE_MS);
        this.#writing = undefined;
        this.#write();
      },
      () => {
        this.#writing = undefined;
        for (const [key, item] of written) {
          if (!this.#unwritten.has(key)) this.#unwritten.set(key, item);
        }
      },
    );
  }
}

/** Milliseconds since 1970: the device's, or that of the arrival. */
const timeOf = ({ ts, arrival }: Item) => ts ?? Math.floor(arrival / 1000);

function textOf(item: Item): string {
  return JSON.stringify({
    ...item.value,
    ts: new Date(timeOf(item)).toISOString(),
    received_at: new Date(Math.floor(item.arrival / 1000)).toISOString(),
  });
}
