/**
 * One vehicle, as docs/device-protocol.md asks a device to behave: it registers once with its claim code,
 * connects as itself ever after, streams telemetry, keeps every sample until the server has acknowledged it
 * and sends what is left again, from the oldest, after each connect.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Backoff } from './backoff.ts';
import type { Ack, Sample } from './buffer.ts';
import type { Drive, DriveState } from './drive.ts';
import { type Link, LoginRefused, type OpenLink, openLink } from './link.ts';
import type { Login, MemoryStore } from './memory.ts';
import { newRegistration, RegistrationRejected, register } from './registration.ts';
import { TelemetryStream } from './stream.ts';

export interface VehicleOptions {
  id: string;
  /** Host and port of the broker: `mqtt://127.0.0.1:1883`. */
  url: string;
  /** Password of the MQTT user `provision`; used until the vehicle has a login of its own. */
  provisionPassword: string;
  /** Fetches a claim code from whoever owns the vehicle. Asked when there is no login, or it was refused. */
  claim(): Promise<string>;
  memory: MemoryStore;
  drive: Drive;
  /** Samples a second. */
  rate: number;
  /** How it reaches the broker; tests put a broker of their own here. */
  open?: OpenLink;
}

export interface VehicleCounters {
  connected: boolean;
  /** Samples handed to the broker, repetitions included. */
  sent: number;
  /** Samples that the server says are answered. */
  acked: number;
  /** Samples that did not fit into the buffer. */
  dropped: number;
  /** What the server refused and what failed underway. */
  errors: number;
  lastError: string;
}

const SESSION_EXPIRY_S = 3_600;
const RECONNECT_FIRST_MS = 500;
const RECONNECT_MAX_MS = 30_000;
/** A refused login is tried again: a broker that was rebuilt learns its users within seconds. */
const REFUSALS_UNTIL_NEW_CLAIM = 3;
const PROVISION_TIMEOUT_MS = 10_000;
/** A timer is not asked for more than this; a faster stream makes several samples a tick. */
const SHORTEST_TICK_MS = 20;

export class Vehicle {
  readonly id: string;
  readonly counters: VehicleCounters = {
    connected: false,
    sent: 0,
    acked: 0,
    dropped: 0,
    errors: 0,
    lastError: '',
  };
  readonly #options: VehicleOptions;
  readonly #open: OpenLink;
  readonly #stream = new TelemetryStream((samples) => this.#sendTelemetry(samples));
  readonly #backoff = new Backoff(RECONNECT_FIRST_MS, RECONNECT_MAX_MS);
  readonly #stopping = new AbortController();
  #link: Link | undefined;
  #ticker: NodeJS.Timeout | undefined;
  #reported: DriveState | undefined;
  #parked = false;
  #refusals = 0;
  #finished: Promise<void> = Promise.resolve();

  constructor(options: VehicleOptions) {
    this.#options = options;
    this.#open = options.open ?? openLink;
    this.id = options.id;
  }

  /** Samples that are not acknowledged yet. */
  get unacked(): number {
    return this.#stream.unacked;
  }

  /** Connects, registering first where needed, and drives. Resolves with the first connection. */
  start(): Promise<void> {
    const first = Promise.withResolvers<void>();
    this.#finished = this.#stayConnected(first.resolve);
    return Promise.race([first.promise, this.#finished]);
  }

  /** Stops driving, waits up to `graceMs` for the last acknowledgement, says "offline" and leaves. */
  async stop(graceMs: number): Promise<void> {
    this.#parked = true;
    const deadline = Date.now() + graceMs;
    while (this.unacked > 0 && Date.now() < deadline) await sleep(50);
    clearInterval(this.#ticker);
    this.#stopping.abort();
    const link = this.#link;
    if (link) {
      // A DISCONNECT discards the last will [MQTT-3.14.4-3], so the vehicle says it itself.
      await link.publish(this.#topic('status'), this.#status('offline'), { retain: true }).catch(() => {});
      await link.close();
    }
    await this.#finished;
  }

  async #stayConnected(onFirst: () => void): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        const link = await this.#connect(await this.#login());
        if (signal.aborted) return await link.close();
        this.#opened(link);
        onFirst();
        await link.closed;
      } catch (error) {
        await this.#failed(error as Error);
      }
      this.#link = undefined;
      this.#stream.disconnected();
      this.counters.connected = false;
      await sleep(this.#backoff.next(), undefined, { signal }).catch(() => {});
    }
  }

  /** The stored login, or a new one for a claim code. */
  async #login(): Promise<Login> {
    const { id, memory, claim, url, provisionPassword } = this.#options;
    const known = await memory.load(id);
    if (known.login) return known.login;
    const registration = known.registration ?? newRegistration(await claim());
    await memory.save(id, { registration });
    const access = {
      url,
      password: provisionPassword,
      timeoutMs: PROVISION_TIMEOUT_MS,
      open: this.#open,
    };
    const login = await register(access, id, registration);
    await memory.save(id, { login });
    return login;
  }

  #connect({ username, password, client_id }: Login): Promise<Link> {
    return this.#open({
      username,
      password,
      url: this.#options.url,
      clientId: client_id,
      sessionExpiryS: SESSION_EXPIRY_S,
      subscribe: [this.#topic('acks'), this.#topic('errors')],
      will: { topic: this.#topic('status'), payload: JSON.stringify({ state: 'offline' }) },
      onMessage: (topic, payload) => this.#heard(topic, payload),
    });
  }

  #opened(link: Link): void {
    this.#link = link;
    this.#backoff.reset();
    this.#refusals = 0;
    this.counters.connected = true;
    this.#reported = undefined;
    this.#ticker ??= this.#startTicker();
    this.#report();
    this.#stream.connected(Date.now());
  }

  async #failed(error: Error): Promise<void> {
    this.#note(error.message);
    const final = error instanceof RegistrationRejected;
    if (error instanceof LoginRefused) this.#refusals++;
    if (!final && this.#refusals < REFUSALS_UNTIL_NEW_CLAIM) return;
    this.#refusals = 0;
    await this.#options.memory.forget(this.id);
  }

  #startTicker(): NodeJS.Timeout {
    const { rate } = this.#options;
    const tickMs = Math.max(SHORTEST_TICK_MS, 1_000 / rate);
    const samples = Math.max(1, Math.round((rate * tickMs) / 1_000));
    return setInterval(() => this.#tick(samples), tickMs);
  }

  #tick(samples: number): void {
    const now = Date.now();
    if (!this.#parked) this.#measure(samples, now);
    this.#report();
    this.#stream.tick(now);
  }

  #measure(samples: number, now: number): void {
    const { drive, rate } = this.#options;
    for (let left = samples - 1; left >= 0; left--) {
      const taken = this.#stream.record(drive.step(1 / rate), Math.round(now - (left * 1_000) / rate));
      if (!taken) this.counters.dropped++;
    }
  }

  /** One object while all is well, an array when there is a backlog. */
  #sendTelemetry(samples: Sample[]): void {
    this.counters.sent += samples.length;
    this.#publish('telemetry', samples.length === 1 ? samples[0] : samples, false);
  }

  /** The state, when it is another one than the broker has. */
  #report(): void {
    const { state } = this.#options.drive;
    if (!this.#link || state === this.#reported) return;
    this.#reported = state;
    this.#publish('status', this.#status(state), true);
  }

  #status(state: DriveState | 'offline') {
    return { ts: Date.now(), state, battery_pct: this.#options.drive.batteryPct };
  }

  #publish(leaf: string, payload: unknown, retain: boolean): void {
    const link = this.#link;
    link?.publish(this.#topic(leaf), payload, { retain }).catch((error: Error) => {
      // What a lost connection took along is sent again on the next one; a refusal is worth telling.
      if (link === this.#link && !this.#stopping.signal.aborted) this.#note(error.message);
    });
  }

  #heard(topic: string, payload: Buffer): void {
    const message = JSON.parse(payload.toString());
    if (topic === this.#topic('errors')) this.#note(`${message.code}: ${message.detail}`);
    else this.counters.acked += this.#stream.acknowledged(message as Ack, Date.now());
  }

  #note(error: string): void {
    this.counters.errors++;
    this.counters.lastError = error;
  }

  #topic(leaf: string): string {
    return `vehicles/${this.id}/${leaf}`;
  }
}
