/** What `/metrics` tells about a node that takes batches in. */
import { counter, gauge, histogram } from '../shared/metrics.ts';

export class IngestMetrics {
  readonly #topic: string;
  readonly #messages = counter('cauce_ingest_messages_total', 'MQTT messages taken in', ['topic']);
  readonly #size = histogram(
    'cauce_ingest_batch_messages',
    'MQTT messages in a batch',
    [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000],
    ['topic'],
  );
  readonly #backlog = gauge(
    'cauce_ingest_backlog_messages',
    'MQTT messages received and not yet acknowledged',
    ['topic'],
  );
  readonly #oldest = gauge(
    'cauce_ingest_oldest_unacknowledged_seconds',
    'Age of the oldest MQTT message that is received and not yet acknowledged',
    ['topic'],
  );
  readonly #reconnects = counter('cauce_ingest_reconnects_total', 'MQTT connections that were lost', [
    'topic',
  ]);
  #seenReconnects = 0;

  /** @param topic the topic filter, which names the series */
  constructor(topic: string) {
    this.#topic = topic;
  }

  batch(messages: number): void {
    this.#messages.inc({ topic: this.#topic }, messages);
    this.#size.observe({ topic: this.#topic }, messages);
  }

  /** @param oldest milliseconds since 1970 at which the oldest unacknowledged message was received */
  sample(backlog: number, oldest: number | undefined, reconnects: number): void {
    const labels = { topic: this.#topic };
    this.#backlog.set(labels, backlog);
    this.#oldest.set(labels, oldest === undefined ? 0 : (Date.now() - oldest) / 1000);
    this.#reconnects.inc(labels, reconnects - this.#seenReconnects);
    this.#seenReconnects = reconnects;
  }

  /** The node is gone: nothing waits in it any more. */
  stop(): void {
    this.#backlog.set({ topic: this.#topic }, 0);
    this.#oldest.set({ topic: this.#topic }, 0);
  }
}
