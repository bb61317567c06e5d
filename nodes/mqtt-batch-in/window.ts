/**
 * The messages of one connection that are received and not yet acknowledged. Batches are taken from its
 * front, one at a time, so what is settled is always the oldest part: PUBACKs leave in the order in which
 * the PUBLISH packets came [MQTT-4.6.0-2].
 */
export interface Received {
  topic: string;
  payload: Buffer;
  /** 0 for QoS 0, which is not acknowledged. */
  packetId: number;
  /** DUP. A broker sets it on all that it resends, delivered before or not. */
  redelivered: boolean;
  /** RETAIN: replayed to a new subscription. */
  retained: boolean;
  /** Milliseconds since 1970. */
  receivedAt: number;
  /** Number of the connection on which it came. */
  epoch: number;
}

export interface WindowLimits {
  messages: number;
  /** Of payload. */
  bytes: number;
}

export class Window {
  readonly #limits: WindowLimits;
  #waiting: Received[] = [];
  #messages = 0;
  #bytes = 0;
  #oldest: number | undefined;

  constructor(limits: WindowLimits) {
    this.#limits = limits;
  }

  /** Received and not yet taken. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Received and not yet acknowledged. */
  get unacknowledged(): number {
    return this.#messages;
  }

  /** When the oldest unacknowledged message was received, milliseconds since 1970. */
  get oldest(): number | undefined {
    return this.#messages > 0 ? this.#oldest : undefined;
  }

  get full(): boolean {
    return this.#messages >= this.#limits.messages || this.#bytes >= this.#limits.bytes;
  }

  push(message: Received): void {
    if (this.#messages === 0) this.#oldest = message.receivedAt;
    this.#waiting.push(message);
    this.#messages++;
    this.#bytes += message.payload.length;
  }

  /** Takes the oldest waiting messages: at least one, at most `limits`. */
  take(limits: WindowLimits): Received[] {
    let bytes = 0;
    let count = 0;
    while (count < this.#waiting.length && count < limits.messages) {
      bytes += this.#waiting[count]!.payload.length;
      if (count > 0 && bytes > limits.bytes) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  /** What was taken is acknowledged. */
  release(messages: readonly Received[]): void {
    this.#messages -= messages.length;
    for (const message of messages) this.#bytes -= message.payload.length;
    this.#oldest = this.#waiting[0]?.receivedAt;
  }

  /** The connection is gone, and with it the right to acknowledge: the broker sends all of it again. */
  clear(): void {
    this.#waiting = [];
    this.#messages = 0;
    this.#bytes = 0;
  }
}
