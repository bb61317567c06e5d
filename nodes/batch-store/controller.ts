/**
 * Stores batches until they are stored, then settles them: the acknowledgements leave after the commit.
 */
import { batchOf, type Refused, topicTemplate } from '../shared/ingest/batch.ts';
import type { Retry } from '../shared/ingest/retry.ts';
import { holding, settleBatch } from '../shared/ingest/settlement.ts';
import type { Controller, Send } from '../shared/node.ts';
import type { Message } from '../shared/red.ts';
import type { StoreMetrics } from './metrics.ts';
import type { Store } from './store.ts';
import type { Ack } from './streams.ts';

export interface BatchStoreOptions {
  store: Store;
  retry: Retry;
  metrics: StoreMetrics;
  /** With `{name}` for a named level: `vehicles/{vehicle_id}/acks`. */
  acksTopic: string;
  errorsTopic: string;
  closePool(): Promise<void>;
}

type Topic = ReturnType<typeof topicTemplate>;

export class BatchStoreController implements Controller {
  readonly #options: BatchStoreOptions;
  readonly #acksTopic: Topic;
  readonly #errorsTopic: Topic;
  #working: Promise<unknown> = Promise.resolve();

  constructor(options: BatchStoreOptions) {
    this.#options = options;
    this.#acksTopic = topicTemplate(options.acksTopic);
    this.#errorsTopic = topicTemplate(options.errorsTopic);
  }

  input(message: Message, send: Send): Promise<undefined> {
    const batch = batchOf(message);
    const result = holding(batch.token, async (): Promise<undefined> => {
      const { store, retry, metrics } = this.#options;
      const stored = await retry.until(() => metrics.timed(() => store.store(batch)));
      settleBatch(batch.token);
      metrics.stored(stored);
      const { items, refused } = stored;
      // By itself: of what is sent together, Node-RED clones all but the first.
      if (items.length > 0) send([null, null, { ...message, batch: { ...batch, items, refused } }]);
      send([acksOf(stored.acks, this.#acksTopic), errorsOf(refused, this.#errorsTopic)]);
    });
    this.#working = result.catch(() => {});
    return result;
  }

  async close(): Promise<void> {
    this.#options.retry.close();
    await this.#working;
    await this.#options.closePool();
  }
}

function acksOf(acks: readonly Ack[], topicOf: Topic): Message[] {
  const messages: Message[] = [];
  for (const { params, boot, seq } of acks) {
    const topic = topicOf(params);
    if (topic) messages.push({ topic, payload: { ...(boot !== undefined && { boot }), seq } });
  }
  return messages;
}

function errorsOf(refused: readonly Refused[], topicOf: Topic): Message[] {
  const messages: Message[] = [];
  for (const { params, topic: about, code, detail, boot, seq } of refused) {
    const topic = topicOf(params);
    if (!topic) continue;
    const place = { ...(boot !== undefined && { boot }), ...(seq !== undefined && { seq }) };
    messages.push({ topic, payload: { code, detail, topic: about, ...place } });
  }
  return messages;
}
