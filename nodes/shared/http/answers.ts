/** What `api out` can answer, from `msg.payload` and the endpoint's contract. */
import { Problem } from '../problem.ts';
import { encodeCursor } from './cursor.ts';
import { etagOf, noneMatchHits } from './etag.ts';
import type { Answer, Exchange } from './exchange.ts';
import type { Project } from './projector.ts';

export type AnswerKind = 'item' | 'list' | 'value' | 'empty' | 'text';

export interface AnswerOptions {
  status: number;
  /** Of a 201, e.g. `/api/vehicles/{id}`; members of the answer are filled in. */
  location?: string;
  /** Media type of a text. */
  contentType?: string;
}

type Row = Record<string, unknown>;
type Build = (exchange: Exchange, payload: unknown, options: AnswerOptions) => Answer;

export const answers: Record<AnswerKind, Build> = {
  /** The first row, or 404 when there is none. */
  item(exchange, payload, options) {
    const row = (Array.isArray(payload) ? payload[0] : payload) as Row | undefined | null;
    if (row === undefined || row === null) throw new Problem('not_found');
    const item = projectorOf(exchange, options.status)(row);
    const body = JSON.stringify(item);
    const etag = etagOf(row.version, body);
    const { method, headers } = exchange.req;
    if (method === 'GET' || method === 'HEAD') {
      // RFC 9110 section 13.2.2: If-Match is looked at first.
      const { ifMatch } = exchange.request;
      if (ifMatch !== null && ifMatch !== row.version) throw new Problem('precondition_failed');
      if (noneMatchHits(headers['if-none-match'], etag)) return { status: 304, headers: { etag } };
    }
    return json(options.status, body, {
      etag,
      'cache-control': 'private, no-cache',
      ...location(options, item),
    });
  },

  /** A page of a keyset list: the flow selects one row more than asked. */
  list(exchange, payload, { status }) {
    const { page: columns } = exchange.endpoint.contract;
    const { page } = exchange.request;
    if (!Array.isArray(payload) || !columns || !page) {
      throw new Error('A list needs rows in msg.payload and a contract that names its page.');
    }
    const rows = payload.slice(0, page.limit) as Row[];
    const last = rows.at(-1);
    const next = last && payload.length > page.limit ? encodeCursor(columns, last) : null;
    return json(status, JSON.stringify(projectorOf(exchange, status)({ items: rows, next })));
  },

  /** `msg.payload` as it is, as far as the contract names it. */
  value(exchange, payload, options) {
    const value = projectorOf(exchange, options.status)(payload ?? null);
    return json(options.status, JSON.stringify(value), location(options, value));
  },

  empty(_exchange, _payload, { status }) {
    return { status, headers: { 'cache-control': 'no-store' } };
  },

  text(_exchange, payload, { status, contentType = 'text/plain; charset=utf-8' }) {
    const body = Buffer.isBuffer(payload) ? payload : String(payload ?? '');
    return { status, headers: { 'content-type': contentType, 'cache-control': 'no-cache' }, body };
  },
};

function projectorOf({ endpoint }: Exchange, status: number): Project {
  const project = endpoint.projectors.get(status);
  if (project) return project;
  if (!endpoint.projects) return (value) => value;
  throw new Error(`The contract of ${endpoint.method} ${endpoint.path} names no schema for ${status}.`);
}

function json(status: number, body: string, headers: Record<string, string> = {}): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', ...headers },
    body,
  };
}

function location({ location, status }: AnswerOptions, item: unknown): Record<string, string> {
  if (!location || status !== 201) return {};
  const members = item as Row;
  return { location: location.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(String(members[name]))) };
}
