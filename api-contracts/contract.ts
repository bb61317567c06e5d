/**
 * What a contract is made of. The palette describes the same shape for itself; nothing is shared, so that
 * neither side can bend the other.
 */
import type { TSchema } from 'typebox';

/** What an HTTP endpoint accepts and answers. Method, path and role stand in the `api in` node. */
export interface HttpContract {
  summary: string;
  description?: string;
  tag: string;
  /** Path parameters. */
  params?: TSchema;
  query?: TSchema;
  body?: TSchema;
  /** Also accepted: `application/x-www-form-urlencoded`, parsed to this schema. */
  form?: TSchema;
  /** By status: the successes, and those problems that are particular to this endpoint. */
  responses: Record<number, { description: string; schema?: TSchema }>;
  /** A keyset list, newest first: the columns of its ORDER BY, and their kind, in order. */
  page?: Record<string, 'number' | 'time'>;
  /** false: `Idempotency-Key` is not honoured, because the answer must not be kept (tokens). */
  idempotent?: false;
}

/** What an MQTT topic carries. */
export interface MqttContract {
  summary: string;
  /** One item; a message is one item or, where `maxItems` is given, an array of up to that many. */
  schema: TSchema;
  maxItems?: number;
}
