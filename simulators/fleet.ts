/** N vehicles and what they have done together. */
import { createHash } from 'node:crypto';
import type { Api } from './api.ts';
import { Drive } from './drive.ts';
import type { MemoryStore } from './memory.ts';
import { Vehicle } from './vehicle.ts';

export interface FleetOptions {
  vehicles: number;
  /** Samples a second and vehicle. */
  rate: number;
  /** Vehicles are called `{prefix}-001` and so on. */
  prefix: string;
  /** Host and port of the broker: `mqtt://127.0.0.1:1883`. */
  mqttUrl: string;
  provisionPassword: string;
  api: Pick<Api, 'claim'>;
  memory: MemoryStore;
}

export interface FleetCounters {
  vehicles: number;
  connected: number;
  sent: number;
  acked: number;
  unacked: number;
  dropped: number;
  errors: number;
  lastError: string;
}

/** Registrations at a time: each makes the broker write its list of users anew. */
const STARTING_AT_ONCE = 8;
/** Medellín, Plaza Botero. */
const HOME = { lat: 6.2525, lon: -75.5686 };

export class Fleet {
  readonly #vehicles: Vehicle[];
  readonly #memory: MemoryStore;
  #stopping = false;

  constructor({ vehicles, prefix, mqttUrl, api, ...shared }: FleetOptions) {
    this.#memory = shared.memory;
    this.#vehicles = Array.from({ length: vehicles }, (_, index) => {
      const id = `${prefix}-${String(index + 1).padStart(3, '0')}`;
      const drive = new Drive(createHash('sha256').update(id).digest().readUInt32LE(), HOME);
      return new Vehicle({ ...shared, id, url: mqttUrl, drive, claim: () => api.claim(id) });
    });
  }

  /** Whether any vehicle has still to be created and registered. */
  async hasNewcomers(): Promise<boolean> {
    const memories = await Promise.all(this.#vehicles.map(({ id }) => this.#memory.load(id)));
    return memories.some(({ login, registration }) => !login && !registration);
  }

  /** Starts the vehicles a few at a time. Resolves when each has been connected once. */
  async start(): Promise<void> {
    const waiting = this.#vehicles.values();
    const starter = async () => {
      for (const vehicle of waiting) {
        if (this.#stopping) return;
        await vehicle.start();
      }
    };
    await Promise.all(Array.from({ length: STARTING_AT_ONCE }, starter));
  }

  /** Stops them all; see {@link Vehicle.stop}. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#vehicles.map((vehicle) => vehicle.stop(graceMs)));
  }

  counters(): FleetCounters {
    const sum: FleetCounters = {
      vehicles: this.#vehicles.length,
      connected: 0,
      sent: 0,
      acked: 0,
      unacked: 0,
      dropped: 0,
      errors: 0,
      lastError: '',
    };
    for (const { id, counters, unacked } of this.#vehicles) {
      sum.connected += counters.connected ? 1 : 0;
      sum.sent += counters.sent;
      sum.acked += counters.acked;
      sum.unacked += unacked;
      sum.dropped += counters.dropped;
      sum.errors += counters.errors;
      if (counters.lastError) sum.lastError = `${id}: ${counters.lastError}`;
    }
    return sum;
  }
}
