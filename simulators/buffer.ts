/**
 * What a device keeps until the server says that it is stored.
 *
 * A sample is identified by `(boot, seq)`. `seq` counts up by one without a gap, because the server's
 * acknowledgement is cumulative: it names a `seq` only when everything before it is stored. That is why a
 * full buffer refuses the new sample instead of dropping an old one: what was never numbered leaves no gap.
 */
import { randomUUID } from 'node:crypto';
import type { Measurement } from './drive.ts';

/** One sample as it goes over the wire. */
export interface Sample extends Measurement {
  /** Epoch milliseconds. */
  ts: number;
  boot: string;
  seq: number;
}

/** An acknowledgement as the server sends it to `vehicles/{id}/acks`. */
export interface Ack {
  boot: string;
  seq: number;
}

export class SampleBuffer {
  readonly boot: string;
  readonly #capacity: number;
  #samples: Sample[] = [];
  #next = 1;
  /** How many of `#samples`, from the oldest, were handed to the broker on this connection. */
  #sent = 0;

  /** @param capacity the most samples kept; a device sizes this for its longest time without coverage */
  constructor(capacity: number, boot: string = randomUUID()) {
    this.#capacity = capacity;
    this.boot = boot;
  }

  /** Numbers and keeps a measurement. False when the buffer is full: then nothing was numbered. */
  add(measurement: Measurement, ts: number): boolean {
    if (this.#samples.length >= this.#capacity) return false;
    this.#samples.push({ ts, boot: this.boot, seq: this.#next++, ...measurement });
    return true;
  }

  /** The oldest samples that were not sent on this connection, at most `max`; they count as sent. */
  take(max: number): Sample[] {
    const taken = this.#samples.slice(this.#sent, this.#sent + max);
    this.#sent += taken.length;
    return taken;
  }

  /** Everything un-acknowledged is to be sent again, from the oldest. */
  rewind(): void {
    this.#sent = 0;
  }

  /**
   * Forgets what is stored.
   * @returns how many samples that were; 0 for an acknowledgement that was heard before or is of another boot
   */
  acknowledge(ack: Ack): number {
    const oldest = this.#samples[0];
    if (ack.boot !== this.boot || !oldest || ack.seq < oldest.seq) return 0;
    const count = Math.min(ack.seq - oldest.seq + 1, this.#samples.length);
    this.#samples.splice(0, count);
    this.#sent = Math.max(0, this.#sent - count);
    return count;
  }

  /** Sent on this connection and not acknowledged. */
  get inFlight(): number {
    return this.#sent;
  }

  /** Everything that is not acknowledged, sent or not. */
  get unacked(): number {
    return this.#samples.length;
  }
}
