/** Starts again what dies. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Service } from './service.ts';

export interface SupervisorOptions {
  log(line: string): void;
  /** Milliseconds before the first new start; doubled with each that fails. Default 200. */
  backoff?: number;
  /** Milliseconds; default 30,000. */
  longestBackoff?: number;
  /** Milliseconds after which a service that ran so long is trusted again. Default 60,000. */
  stableAfter?: number;
}

export class Supervisor {
  readonly #options: Required<SupervisorOptions>;
  readonly #stopping = new AbortController();

  constructor(options: SupervisorOptions) {
    this.#options = { backoff: 200, longestBackoff: 30_000, stableAfter: 60_000, ...options };
  }

  /** From now on the service is started again, on its old port and data, whenever it ends by itself. */
  watch(service: Service): void {
    let backoff = this.#options.backoff;
    let startedAt = Date.now();
    const restart = async (how: string) => {
      if (Date.now() - startedAt > this.#options.stableAfter) backoff = this.#options.backoff;
      this.#options.log(`${service.name} ended (${how})`);
      while (!this.#stopping.signal.aborted) {
        await delay(backoff, undefined, { signal: this.#stopping.signal }).catch(() => {});
        if (this.#stopping.signal.aborted) return;
        backoff = Math.min(backoff * 2, this.#options.longestBackoff);
        try {
          await service.start();
          startedAt = Date.now();
          this.#options.log(`${service.name} is running again`);
          return;
        } catch (error) {
          this.#options.log(`${(error as Error).message}\n${service.name}: next try in ${backoff / 1000} s`);
        }
      }
    };
    let restarting = false;
    const onDied = async (how: string) => {
      // A service that dies while it is being started fails that start, which is tried again anyhow.
      if (restarting || this.#stopping.signal.aborted) return;
      restarting = true;
      await restart(how);
      restarting = false;
    };
    service.on('died', onDied);
    if (!service.running) void onDied('before it was watched');
  }

  /** Nothing is started again any more. A start that is under way ends with the service's `stop()`. */
  stop(): void {
    this.#stopping.abort();
  }
}
