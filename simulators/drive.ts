/**
 * A vehicle that drives: from one errand to the next inside its town, with acceleration, pauses, a battery
 * that falls with the way and a charging station that it returns to. Same seed, same drive.
 */

/** What a sample says of the vehicle; names and units as in the telemetry contract. */
export interface Measurement {
  lat: number;
  lon: number;
  speed_mps: number;
  heading_deg: number;
  battery_pct: number;
}

export type DriveState = 'idle' | 'busy' | 'charging';

interface Place {
  lat: number;
  lon: number;
}

/** Length of one degree of latitude on the WGS 84 sphere. */
const METRES_PER_DEGREE = 111_320;
const CRUISE_MPS = 13;
const ACCELERATION_MPS2 = 1.5;
const TOWN_RADIUS_M = 4_000;
const PAUSE_S = [5, 40] as const;
const RANGE_M = 60_000;
const CHARGE_PCT_PER_S = 0.25;
const LOW_BATTERY_PCT = 20;
const CHARGED_PCT = 95;

export class Drive {
  readonly #random: () => number;
  readonly #home: Place;
  #place: Place;
  #target: Place;
  #state: DriveState = 'busy';
  #speed = 0;
  #heading = 0;
  #battery: number;
  #pauseLeft = 0;

  /** @param home the charging station, middle of the town */
  constructor(seed: number, home: Place) {
    this.#random = mulberry32(seed);
    this.#home = home;
    this.#place = this.#somewhere();
    this.#target = this.#somewhere();
    this.#battery = 40 + this.#random() * 60;
  }

  get state(): DriveState {
    return this.#state;
  }

  get batteryPct(): number {
    return round(this.#battery, 1);
  }

  /** Lets `seconds` pass and says where the vehicle is then. */
  step(seconds: number): Measurement {
    if (this.#state === 'charging') this.#charge(seconds);
    else if (this.#state === 'idle') this.#wait(seconds);
    else this.#roll(seconds);
    return {
      lat: round(this.#place.lat, 6),
      lon: round(this.#place.lon, 6),
      speed_mps: round(this.#speed, 1),
      heading_deg: round(this.#heading, 1),
      battery_pct: this.batteryPct,
    };
  }

  #charge(seconds: number): void {
    this.#battery = Math.min(100, this.#battery + CHARGE_PCT_PER_S * seconds);
    if (this.#battery >= CHARGED_PCT) this.#setOut();
  }

  #wait(seconds: number): void {
    this.#pauseLeft -= seconds;
    if (this.#pauseLeft <= 0) this.#setOut();
  }

  #setOut(): void {
    this.#target = this.#battery < LOW_BATTERY_PCT ? this.#home : this.#somewhere();
    this.#state = 'busy';
  }

  #roll(seconds: number): void {
    if (this.#battery < LOW_BATTERY_PCT) this.#target = this.#home;
    const north = (this.#target.lat - this.#place.lat) * METRES_PER_DEGREE;
    const east = (this.#target.lon - this.#place.lon) * METRES_PER_DEGREE * this.#shrink();
    const left = Math.hypot(north, east);
    this.#heading = ((Math.atan2(east, north) * 180) / Math.PI + 360) % 360;
    // The speed from which it can still stop at the target: v² = 2·a·s.
    const wanted = Math.min(CRUISE_MPS, Math.sqrt(2 * ACCELERATION_MPS2 * left));
    const change = ACCELERATION_MPS2 * seconds;
    this.#speed += Math.max(-change, Math.min(change, wanted - this.#speed));
    const way = Math.min(left, this.#speed * seconds);
    this.#battery = Math.max(0, this.#battery - (way / RANGE_M) * 100);
    if (left - way < 1) this.#arrive();
    else this.#move((north / left) * way, (east / left) * way);
  }

  #move(north: number, east: number): void {
    this.#place = {
      lat: this.#place.lat + north / METRES_PER_DEGREE,
      lon: this.#place.lon + east / (METRES_PER_DEGREE * this.#shrink()),
    };
  }

  #arrive(): void {
    this.#place = this.#target;
    this.#speed = 0;
    this.#state = this.#target === this.#home ? 'charging' : 'idle';
    this.#pauseLeft = PAUSE_S[0] + this.#random() * (PAUSE_S[1] - PAUSE_S[0]);
  }

  #somewhere(): Place {
    const distance = TOWN_RADIUS_M * Math.sqrt(this.#random());
    const angle = 2 * Math.PI * this.#random();
    return {
      lat: this.#home.lat + (distance * Math.cos(angle)) / METRES_PER_DEGREE,
      lon: this.#home.lon + (distance * Math.sin(angle)) / (METRES_PER_DEGREE * this.#shrink()),
    };
  }

  /** How much shorter a degree of longitude is at this latitude. */
  #shrink(): number {
    return Math.cos((this.#home.lat * Math.PI) / 180);
  }
}

/** A small seeded generator (mulberry32, Tommy Ettinger, public domain): uniform in [0, 1). */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
