/** Asks everything that Cauce depends on, at the same time, and says what answers and what does not. */
import type { Controller } from '../shared/node.ts';
import type { Message, Outgoing } from '../shared/red.ts';

export interface ReadinessOptions {
  /** Each throws, or takes too long, where its dependency is not available. */
  checks: Record<string, () => unknown>;
  timeoutMs: number;
  onClose(): Promise<void>;
}

export interface Dependency {
  state: 'ok' | 'failed';
  latency_ms: number | null;
  reason: string | null;
}

interface Report {
  ready: boolean;
  dependencies: Record<string, Dependency>;
}

export class Readiness implements Controller {
  readonly #options: ReadinessOptions;
  #running: Promise<Report> | undefined;

  constructor(options: ReadinessOptions) {
    this.#options = options;
  }

  /** First output: ready. Second: not ready. */
  async input(message: Message): Promise<Outgoing> {
    // Who asks while a check runs gets its result: anybody may ask, and that must not load the servers.
    this.#running ??= this.#check().finally(() => {
      this.#running = undefined;
    });
    const payload = await this.#running;
    return payload.ready ? [{ ...message, payload }, null] : [null, { ...message, payload }];
  }

  close(): Promise<void> {
    return this.#options.onClose();
  }

  async #check(): Promise<Report> {
    const names = Object.keys(this.#options.checks);
    const results = await Promise.all(names.map((name) => this.#ask(this.#options.checks[name]!)));
    return {
      ready: results.every(({ state }) => state === 'ok'),
      dependencies: Object.fromEntries(names.map((name, index) => [name, results[index]!])),
    };
  }

  async #ask(check: () => unknown): Promise<Dependency> {
    const { timeoutMs } = this.#options;
    const begin = performance.now();
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(new Error(`No answer within ${timeoutMs / 1_000} s.`)),
      timeoutMs,
    );
    try {
      await Promise.race([(async () => check())(), late.promise]);
      const latency_ms = Math.round((performance.now() - begin) * 10) / 10;
      return { state: 'ok', latency_ms, reason: null };
    } catch (error) {
      return { state: 'failed', latency_ms: null, reason: reasonOf(error) };
    } finally {
      clearTimeout(timer);
    }
  }
}

/** A driver's code (`ECONNREFUSED`), or else its sentence. Messages of drivers may name addresses and accounts. */
function reasonOf(error: unknown): string {
  const { code, message, name } = error as { code?: unknown; message?: string; name?: string };
  if (name !== 'Problem' && typeof code === 'string') return code;
  return message || 'It failed without a reason.';
}
