/**
 * How long to wait before the next attempt: exponential with jitter, so that a fleet that lost its
 * broker at the same moment does not come back at the same moment.
 */
export class Backoff {
  readonly #firstMs: number;
  readonly #maxMs: number;
  #attempts = 0;

  constructor(firstMs: number, maxMs: number) {
    this.#firstMs = firstMs;
    this.#maxMs = maxMs;
  }

  /** Milliseconds, between half of the ceiling and the ceiling; the ceiling doubles with each call. */
  next(): number {
    const ceiling = Math.min(this.#maxMs, this.#firstMs * 2 ** this.#attempts++);
    return ceiling * (0.5 + Math.random() / 2);
  }

  /** To be called after a success. */
  reset(): void {
    this.#attempts = 0;
  }
}
