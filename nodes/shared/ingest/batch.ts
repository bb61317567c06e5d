/**
 * What travels along the wires of an ingest flow as `msg.batch`: `mqtt batch in` makes it, `vehicle auth`
 * and nodes like it move items to `refused`, `batch store` commits it and settles its token.
 */
import type { Message } from '../red.ts';

/** One sample or status: a message, or one element of a message that was an array. */
export interface Item {
  topic: string;
  /** The named levels of the topic, e.g. `{vehicle_id}`. */
  params: Record<string, string>;
  /** What the contract accepted. */
  value: Record<string, unknown>;
  /** The device's time, milliseconds since 1970; null where it named none. */
  ts: number | null;
  /** Microseconds since 1970 at which it was received; unique and growing within a process. */
  arrival: number;
  /** The broker sends it again (DUP): it may be stored already, or not. */
  redelivered: boolean;
  /** The broker had retained it, and replays it (RETAIN). */
  retained: boolean;
  /** The broker's packet identifier: a redelivered message has the same (MQTT 5, 4.4). */
  packetId: number;
  /** Set by `vehicle auth`: the vehicle's number inside the database. */
  vehicle_no?: number;
}

/** An item, or a message that never became one, which is not stored; the device is told why. */
export interface Refused {
  params: Record<string, string>;
  topic: string;
  code: string;
  /** A sentence for the person who mends the device. */
  detail: string;
  /** The beginning of what was sent. */
  sample: string;
  /** Present where they could be read: they count as settled, since the device was answered. */
  boot?: string | number;
  seq?: number;
  vehicle_no?: number;
}

export interface Batch {
  /** Settles the batch: see settlement.ts. A string, so that a clone of the message settles it as well. */
  token: string;
  items: Item[];
  refused: Refused[];
}

/** @throws when a message without a batch was wired into an ingest node */
export function batchOf(message: Message): Batch {
  const batch = message.batch as Batch | undefined;
  if (!batch || !Array.isArray(batch.items) || !Array.isArray(batch.refused)) {
    throw new Error('msg.batch is missing: wire this node behind "mqtt batch in".');
  }
  return batch;
}

/** What ids of devices look like. Nothing else is ever put into a topic that we publish to. */
const ID = /^[A-Za-z0-9_.:-]{1,64}$/;
export const isDeviceId = (text: string): boolean => ID.test(text);

/**
 * A topic, or a key, with `{name}` for a named level of the topic that a message came from.
 * @returns a function that fills it in; its answer is undefined when a level is missing or no id, because its
 *   sender chose it (e.g. `+`)
 */
export function topicTemplate(template: string): (params: Record<string, string>) => string | undefined {
  // Texts at even places, names at odd ones.
  const parts = template.split(/\{(\w+)\}/);
  return (params) => {
    let topic = parts[0]!;
    for (let index = 1; index < parts.length; index += 2) {
      const level = params[parts[index]!];
      if (level === undefined || !isDeviceId(level)) return undefined;
      topic += level + parts[index + 1]!;
    }
    return topic;
  };
}

/** The refusal of an item that had been accepted so far. */
export function refuse(item: Item, code: string, detail: string): Refused {
  const refused: Refused = {
    params: item.params,
    topic: item.topic,
    code,
    detail,
    sample: sampleOf(item.value),
  };
  const { boot, seq } = item.value as { boot?: string | number; seq?: number };
  if (boot !== undefined) refused.boot = boot;
  if (seq !== undefined) refused.seq = seq;
  if (item.vehicle_no !== undefined) refused.vehicle_no = item.vehicle_no;
  return refused;
}

const SAMPLE_CHARACTERS = 1_000;

/** The beginning of a value, for the ledger. */
export function sampleOf(value: unknown): string {
  return JSON.stringify(value).slice(0, SAMPLE_CHARACTERS);
}
