/**
 * Received messages become items that the contract accepts, and refusals that say why. Each element of an
 * array stands for itself: a bad one does not take its neighbours along.
 */
import { isUtf8 } from 'node:buffer';
import type { ProblemCode } from '../shared/catalogue.ts';
import { nextArrival } from '../shared/ingest/arrival.ts';
import { type Item, isDeviceId, type Refused, sampleOf } from '../shared/ingest/batch.ts';
import type { CompiledContract } from '../shared/ingest/contract.ts';
import { parseTime } from '../shared/ingest/time.ts';
import { isSafeJson, MAX_DEPTH } from './json.ts';
import type { TopicFilter } from './topic-filter.ts';
import type { Received } from './window.ts';

export interface DecoderOptions {
  topic: TopicFilter;
  contract: CompiledContract;
  /** Larger payloads are not parsed. Bytes. */
  maxBytes: number;
  /** How far the device's time may lie back, and ahead. Milliseconds. */
  maxAge: number;
  maxAhead: number;
  /** Retained messages are cleared by empty ones (MQTT 5, 3.3.1.3), which are then no bad input. */
  retained: boolean;
}

export interface Decoded {
  items: Item[];
  refused: Refused[];
}

/** Why something is not stored: a code of the catalogue, and a sentence. */
class Refusal {
  readonly code: ProblemCode;
  readonly detail: string;

  constructor(code: ProblemCode, detail: string) {
    this.code = code;
    this.detail = detail;
  }
}

/** Properties by which a device may name itself, though the topic does. */
const ID_PROPERTIES = ['id', 'vehicle_id'] as const;
const RAW_SAMPLE_BYTES = 1_000;

export class Decoder {
  readonly #options: DecoderOptions;

  constructor(options: DecoderOptions) {
    this.#options = options;
  }

  decode(messages: readonly Received[]): Decoded {
    const decoded: Decoded = { items: [], refused: [] };
    for (const message of messages) this.#message(message, decoded);
    return decoded;
  }

  #message(message: Received, decoded: Decoded): void {
    const { topic, retained } = this.#options;
    const params = topic.match(message.topic);
    // No match: left over in the session from a topic that this node was set to before.
    if (!params || (retained && message.payload.length === 0)) return;

    const elements = this.#elements(message, params);
    if (elements instanceof Refusal) {
      const sample = message.payload.toString('utf8', 0, RAW_SAMPLE_BYTES);
      const { code, detail } = elements;
      decoded.refused.push({ params, topic: message.topic, code, detail, sample });
      return;
    }
    for (const element of elements) this.#element(element, message, params, decoded);
  }

  /** What a message holds, one or many, as long as it can be told apart at all. */
  #elements({ payload }: Received, params: Record<string, string>): unknown[] | Refusal {
    const { contract, maxBytes } = this.#options;
    for (const name in params) {
      if (!isDeviceId(params[name]!)) return new Refusal('not_registered', 'The topic holds no valid id.');
    }
    if (payload.length > maxBytes) {
      return new Refusal('payload_too_large', `${payload.length} bytes; ${maxBytes} are allowed.`);
    }
    let content: unknown;
    try {
      if (!isUtf8(payload)) throw new TypeError('not UTF-8');
      content = JSON.parse(payload.toString());
    } catch {
      return new Refusal('invalid_json', 'The payload is not JSON in UTF-8 (RFC 8259).');
    }
    if (!isSafeJson(content)) {
      const detail = `Keys named __proto__, unpaired surrogates or more than ${MAX_DEPTH} levels are refused.`;
      return new Refusal('schema', detail);
    }
    if (!Array.isArray(content) || contract.maxItems === 0) return [content];
    if (content.length === 0) return new Refusal('schema', 'The array is empty.');
    if (content.length > contract.maxItems) {
      return new Refusal('too_many_items', `${content.length} items; ${contract.maxItems} are allowed.`);
    }
    return content;
  }

  #element(element: unknown, message: Received, params: Record<string, string>, decoded: Decoded): void {
    const { topic, packetId, redelivered, retained, receivedAt } = message;
    const refusal = this.#judge(element, params, receivedAt);
    if (refusal) {
      const { code, detail } = refusal;
      decoded.refused.push({ params, topic, code, detail, sample: sampleOf(element), ...position(element) });
      return;
    }
    const value = element as Record<string, unknown>;
    const ts = value.ts === undefined ? null : parseTime(value.ts)!;
    const arrival = nextArrival(receivedAt);
    decoded.items.push({ topic, params, value, ts, arrival, redelivered, retained, packetId });
  }

  /** @returns why the element is refused; undefined when it is accepted */
  #judge(element: unknown, params: Record<string, string>, now: number): Refusal | undefined {
    const { contract, maxAge, maxAhead } = this.#options;
    if (typeof element === 'object' && element !== null) {
      for (const name of ID_PROPERTIES) {
        const id = (element as Record<string, unknown>)[name];
        if (id !== undefined && params.vehicle_id !== undefined && id !== params.vehicle_id) {
          return new Refusal('id_mismatch', `"${name}" is not the id in the topic.`);
        }
      }
    }
    const complaint = contract.check(element);
    if (complaint) return new Refusal('schema', complaint);
    const { ts } = element as { ts?: unknown };
    if (ts === undefined) return undefined;
    const time = parseTime(ts);
    if (time === undefined) return new Refusal('schema', '/ts is no point in time.');
    if (time < now - maxAge || time > now + maxAhead) {
      const limits = `${maxAge / 86_400_000} days back or ${maxAhead / 60_000} minutes ahead`;
      return new Refusal('timestamp_out_of_range', `"ts" lies more than ${limits}.`);
    }
    return undefined;
  }
}

/** The place in its stream of an element that is refused, where the element names a valid one. */
function position(element: unknown): { boot?: string | number; seq?: number } {
  if (typeof element !== 'object' || element === null) return {};
  const { boot, seq } = element as { boot?: unknown; seq?: unknown };
  const validBoot = boot === undefined || isBoot(boot);
  if (!Number.isSafeInteger(seq) || (seq as number) < 0 || !validBoot) return {};
  return { ...(isBoot(boot) && { boot }), seq: seq as number };
}

function isBoot(boot: unknown): boot is string | number {
  return typeof boot === 'string' ? isDeviceId(boot) : Number.isSafeInteger(boot) && (boot as number) >= 0;
}
