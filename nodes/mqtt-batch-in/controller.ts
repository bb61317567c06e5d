/**
 * Turns a durable session into a stream of batches: one in flight at a time, the next is whatever came
 * meanwhile. So a lone message leaves at once, and under load the batches grow by themselves.
 */
import type { Batch } from '../shared/ingest/batch.ts';
import { batchFinished, dropBatch, idleTime, openBatch } from '../shared/ingest/settlement.ts';
import type { Controller } from '../shared/node.ts';
import type { NodeStatus } from '../shared/red.ts';
import type { Decoder } from './decoder.ts';
import type { IngestMetrics } from './metrics.ts';
import type { Session, SessionState } from './session.ts';
import type { Received, WindowLimits } from './window.ts';

export interface BatchInOptions {
  session: Session;
  decoder: Decoder;
  metrics: IngestMetrics;
  /** Of one batch. */
  limits: WindowLimits;
  /** Milliseconds in nobody's hands after which a batch is taken for lost in the flow and emitted again. */
  lostAfter: number;
  /** Sends a batch into the flow. */
  emit(batch: Batch): void;
  status(status: NodeStatus): void;
  warn(text: string): void;
}

interface InFlight {
  batch: Batch;
  messages: readonly Received[];
}

const TICK_MS = 1_000;
/** Node-RED abandons a node that does not close in time (12 s in our settings, 15 s by default). */
const CLOSE_WAIT_MS = 8_000;

export class BatchInController implements Controller {
  readonly #options: BatchInOptions;
  #state: SessionState = 'connecting';
  #inFlight: InFlight | undefined;
  #scheduled = false;
  /** While Node-RED stops and starts flows, a batch would be emitted to nodes that are not there. */
  #held = true;
  #ticks: NodeJS.Timeout | undefined;
  #received = 0;
  #lost = false;
  #shown: string | undefined;
  #reason: string | undefined;

  constructor(options: BatchInOptions) {
    this.#options = options;
    const { session } = options;
    session.on('message', () => this.#schedule());
    session.on('state', (state, reason) => this.#changed(state, reason));
  }

  /** Connects. Call it when the flow around the node is complete. */
  start(): void {
    this.#held = false;
    this.#ticks = setInterval(() => this.#tick(), TICK_MS);
    this.#options.session.start();
  }

  /** The runtime is about to stop nodes, perhaps not this one. */
  hold(): void {
    this.#held = true;
  }

  /** The flows run again. A batch that was with a node that is gone is emitted again. */
  resume(): void {
    this.#held = false;
    if (this.#inFlight && idleTime(this.#inFlight.batch.token) !== 0) this.#emit(this.#inFlight);
    else this.#schedule();
  }

  async close(removed: boolean): Promise<void> {
    this.#held = true;
    clearInterval(this.#ticks);
    const token = this.#inFlight?.batch.token;
    if (token) {
      await batchFinished(token, CLOSE_WAIT_MS);
      dropBatch(token);
    }
    await this.#options.session.stop(removed);
    this.#options.metrics.stop();
  }

  #schedule(): void {
    if (this.#scheduled || this.#held || this.#inFlight || this.#options.session.waiting === 0) return;
    this.#scheduled = true;
    // After what the socket has delivered so far: a burst becomes one batch.
    setImmediate(() => {
      this.#scheduled = false;
      if (!this.#held && !this.#inFlight) this.#next();
    });
  }

  #next(): void {
    const { session, decoder, limits, metrics } = this.#options;
    const messages = session.take(limits);
    if (messages.length === 0) return;
    const { items, refused } = decoder.decode(messages);
    const token = openBatch(() => this.#settled());
    this.#received += messages.length;
    metrics.batch(messages.length);
    this.#inFlight = { batch: { token, items, refused }, messages };
    this.#emit(this.#inFlight);
  }

  /** The nodes behind move items to `refused`: they get lists of their own. */
  #emit({ batch: { token, items, refused } }: InFlight): void {
    this.#options.emit({ token, items: [...items], refused: [...refused] });
  }

  #settled(): void {
    const { messages } = this.#inFlight!;
    this.#inFlight = undefined;
    this.#lost = false;
    this.#options.session.acknowledge(messages);
    this.#schedule();
  }

  #tick(): void {
    const { session, metrics, lostAfter } = this.#options;
    metrics.sample(
      session.waiting + (this.#inFlight?.messages.length ?? 0),
      session.oldest,
      session.reconnects,
    );
    if (this.#inFlight && !this.#held && (idleTime(this.#inFlight.batch.token) ?? 0) > lostAfter) {
      this.#lost = true;
      this.#options.warn('A batch was not settled by the flow and is emitted again. Is "batch store" wired?');
      // Held for the moment of emission: the clock starts anew.
      this.#reopen(this.#inFlight);
    }
    this.#report();
  }

  #reopen(inFlight: InFlight): void {
    dropBatch(inFlight.batch.token);
    inFlight.batch.token = openBatch(() => this.#settled());
    this.#emit(inFlight);
  }

  #changed(state: SessionState, reason: string | undefined): void {
    this.#state = state;
    // Once an outage: each attempt would fill the log.
    if (reason && reason !== this.#reason) this.#options.warn(`${state}: ${reason}`);
    if (reason || state === 'connected') this.#reason = reason;
    if (state === 'connected') this.#report();
    else this.#show({ fill: 'red', shape: 'ring', text: this.#reason ?? state });
  }

  #report(): void {
    const rate = this.#received;
    this.#received = 0;
    if (this.#state !== 'connected') return;
    const { waiting } = this.#options.session;
    const rest = waiting > 0 ? `, ${waiting} waiting` : '';
    if (this.#lost) this.#show({ fill: 'red', shape: 'dot', text: `not settled${rest}` });
    else this.#show({ fill: 'green', shape: 'dot', text: `${rate}/s${rest}` });
  }

  /** A badge that stays the same is not sent to every open editor each second. */
  #show(status: NodeStatus): void {
    if (status.text === this.#shown) return;
    this.#shown = status.text;
    this.#options.status(status);
  }
}
