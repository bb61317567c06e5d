/** What is sent when: a window of samples under way, arrays when there is a backlog, repetition when all is silent. */
import { Backoff } from './backoff.ts';
import { type Ack, type Sample, SampleBuffer } from './buffer.ts';
import type { Measurement } from './drive.ts';

/** Half an hour at two samples a second. */
const BUFFER_CAPACITY = 3_600;
/** Samples that may be under way. The rest waits here, where it costs the broker no memory. */
const WINDOW = 1_000;
/** Samples in a message when there is a backlog; the contract allows 500. */
const BATCH = 250;
/**
 * Without an acknowledgement for so long, what is under way is sent again; doubles each time. A connection alone
 * proves nothing: a broker that was killed may be back without its queue, or without knowing the server yet.
 */
const RESEND_AFTER_MS = 5_000;
const RESEND_AT_MOST_EVERY_MS = 600_000;

export class TelemetryStream {
  readonly #buffer = new SampleBuffer(BUFFER_CAPACITY);
  readonly #patience = new Backoff(RESEND_AFTER_MS, RESEND_AT_MOST_EVERY_MS);
  readonly #send: (samples: Sample[]) => void;
  #connected = false;
  #resendAt = 0;
  /**
   * The boot's first message is stored. Before, nothing follows it: a broker that is killed loses what it had
   * confirmed, and the server would take the first sample that it sees for the beginning.
   */
  #begun = false;

  /** @param send hands samples to the broker; called while connected only */
  constructor(send: (samples: Sample[]) => void) {
    this.#send = send;
  }

  /** Samples that are not acknowledged, sent or not. */
  get unacked(): number {
    return this.#buffer.unacked;
  }

  /** Keeps a measurement. False when the buffer is full. */
  record(measurement: Measurement, ts: number): boolean {
    return this.#buffer.add(measurement, ts);
  }

  /** A new connection: everything that is not acknowledged goes out again, from the oldest. */
  connected(now: number): void {
    this.#connected = true;
    this.#again(now);
    this.#pump();
  }

  disconnected(): void {
    this.#connected = false;
  }

  /** @returns how many samples the acknowledgement has answered */
  acknowledged(ack: Ack, now: number): number {
    const count = this.#buffer.acknowledge(ack);
    if (count > 0) {
      this.#begun = true;
      this.#patience.reset();
      this.#resendAt = now + this.#patience.next();
      this.#pump();
    }
    return count;
  }

  /** To be called now and then: sends what was recorded, and again what got no answer for too long. */
  tick(now: number): void {
    if (this.#buffer.inFlight > 0 && now >= this.#resendAt) this.#again(now);
    this.#pump();
  }

  #again(now: number): void {
    this.#buffer.rewind();
    this.#resendAt = now + this.#patience.next();
  }

  #pump(): void {
    while (this.#connected && this.#buffer.inFlight < (this.#begun ? WINDOW : 1)) {
      const samples = this.#buffer.take(Math.min(BATCH, WINDOW - this.#buffer.inFlight));
      if (samples.length === 0) return;
      this.#send(samples);
    }
  }
}
