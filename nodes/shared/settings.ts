/**
 * What `settings.ts` hands to the palette under the key `cauce`. The palette imports none of it: any
 * Node-RED that fills these fields can use the nodes.
 */
import type { Red } from './red.ts';

/** A JSON Schema (draft 2020-12). TypeBox produces these. */
export type JsonSchema = Record<string, unknown>;

/** What an HTTP endpoint accepts and answers. Method, path and role stand in the `api in` node. */
export interface HttpContract {
  summary: string;
  description?: string;
  tag: string;
  /** Object schemas; unknown properties are refused. */
  params?: JsonSchema;
  query?: JsonSchema;
  body?: JsonSchema;
  /** Also accepted: `application/x-www-form-urlencoded`, parsed to this schema. */
  form?: JsonSchema;
  /** By status. An answer carries what its schema names and nothing else. */
  responses: Record<number, { description: string; schema?: JsonSchema }>;
  /** A keyset list, newest first: the columns of its ORDER BY, and their kind, in order. */
  page?: Record<string, 'number' | 'time'>;
  /** false: `Idempotency-Key` is not honoured, because the answer must not be kept (tokens). */
  idempotent?: false;
}

/** What an MQTT topic carries. */
export interface MqttContract {
  summary: string;
  /** One item; a message is one item or, where `maxItems` is given, an array of up to that many. */
  schema: JsonSchema;
  maxItems?: number;
}

export interface CauceSettings {
  contracts: { http: Record<string, HttpContract>; mqtt: Record<string, MqttContract> };
  jwt: { secret: string; accessTtlSeconds: number; refreshTtlSeconds: number };
  /** AES-256-GCM key of what is encrypted at rest: 32 bytes. */
  secretsKey: Buffer;
  /** Password of the MQTT user `provision`. */
  provisionPassword: string;
  /** Per window; see docs/operating.md. */
  rateLimits: { loginPerAccountMinute: number; loginPerAddressMinute: number; writesPerUserSecond: number };
  /** The config nodes that the endpoints share; `cauce-mysql` and `cauce-redis` where nothing is said. */
  configNodes?: { database?: string; redis?: string };
}

export function cauceSettings(red: Red): CauceSettings {
  const settings = red.settings.cauce as CauceSettings | undefined;
  if (!settings) throw new Error('settings.ts does not set `cauce`: see docs/extending.md.');
  return settings;
}
