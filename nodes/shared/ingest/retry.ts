/**
 * Ingest does not give up: while the database is away, the batch in flight is held, the window fills, and
 * the broker keeps the rest.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { NodeStatus, RedNode } from '../red.ts';

const MIN_DELAY_MS = 50;
const MAX_DELAY_MS = 2_000;

/** How a node shows that it waits for the database: in red once, in green when it goes on. */
export class Retry {
  readonly #node: Pick<RedNode, 'status' | 'warn'>;
  readonly #closing = new AbortController();
  #waiting = false;

  constructor(node: Pick<RedNode, 'status' | 'warn'>) {
    this.#node = node;
  }

  /** Ends waiting: what is being retried throws. */
  close(): void {
    this.#closing.abort();
  }

  /**
   * Runs `work` until it succeeds.
   * @throws the last error of `work` when the node closes meanwhile
   */
  async until<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        const result = await work();
        this.#succeeded();
        return result;
      } catch (error) {
        if (this.#closing.signal.aborted) throw error;
        this.#failed(error);
        const ceiling = Math.min(MAX_DELAY_MS, MIN_DELAY_MS * 2 ** attempt);
        await delay(ceiling * (0.5 + Math.random() / 2), undefined, { signal: this.#closing.signal }).catch(
          () => {
            throw error;
          },
        );
      }
    }
  }

  #succeeded(): void {
    if (!this.#waiting) return;
    this.#waiting = false;
    this.#node.status({});
    this.#node.warn('The database answers again.');
  }

  #failed(error: unknown): void {
    const { code, message } = error as { code?: string; message?: string };
    const status: NodeStatus = { fill: 'red', shape: 'ring', text: `retrying: ${code ?? message}` };
    this.#node.status(status);
    if (!this.#waiting) this.#node.warn(`The database does not take the batch, retrying: ${message}`);
    this.#waiting = true;
  }
}
