/**
 * At most so many at work, and so many waiting. Hashing a password takes 19 MiB and tens of milliseconds of a
 * processor on purpose: without a bound a burst of logins would take the memory and the threads of everything else.
 */
import { Problem } from '../shared/problem.ts';

export class Gate {
  readonly #places: number;
  readonly #queueLength: number;
  #working = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(places: number, queueLength: number) {
    this.#places = places;
    this.#queueLength = queueLength;
  }

  /** @throws Problem `unavailable` when the queue is full, and what `work` throws */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#working < this.#places) this.#working++;
    else await this.#wait();
    try {
      return await work();
    } finally {
      // The place goes on to the next in line, if there is one.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#working--;
    }
  }

  #wait(): Promise<void> {
    if (this.#waiting.length >= this.#queueLength) {
      throw new Problem('unavailable', 'Too many logins at once. Try again.', { retryAfter: 1 });
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
