/**
 * The way of a request to its flow. Each step refuses what the next need not look at; the order is that of
 * cost, and of what a stranger may learn: limits, who it is, what it may, the media type, the size, the content.
 */
import type { Redis } from 'ioredis';
import type { Pool } from 'mysql2/promise';
import { Problem } from '../problem.ts';
import { type Body, mediaOf, readBody } from './body.ts';
import { decodeCursor, firstPosition } from './cursor.ts';
import { allows, type Endpoint } from './endpoint.ts';
import { ifMatchVersion } from './etag.ts';
import { Exchange, write } from './exchange.ts';
import { parseQuery, splitTarget } from './query.ts';
import type { ApiRequest } from './request.ts';
import type { Incoming } from './server.ts';
import type { Services } from './services.ts';

const DEFAULT_PAGE_SIZE = 50;
const NO_BYTES = Buffer.alloc(0);
/** A database that takes queries and answers none must not hold requests for ever. */
const DATABASE_TIMEOUT_MS = 5_000;

export interface PipelineDependencies {
  services: Services;
  pool: () => Pool;
  redis: () => Redis | undefined;
  /** Hands the exchange to the flow. */
  deliver: (exchange: Exchange) => void;
  /** Tells the log what the client need not know. */
  report: (error: unknown, requestId: string) => void;
}

/** @throws Problem; what is thrown the caller answers */
export async function runPipeline(
  endpoint: Endpoint,
  { services, pool, redis, deliver, report }: PipelineDependencies,
  { req, res, id, params }: Incoming,
): Promise<void> {
  const { limits, access, idempotency } = services;
  if (endpoint.limit === 'login') await limits.loginFrom(req.ip, redis());
  const caller =
    endpoint.role === 'public' ? null : await inTime(access.authenticate(req.headers.authorization, pool()));
  if (caller && !allows(endpoint.role, caller.user.role)) throw new Problem('forbidden');
  if (endpoint.limit === 'write' && caller) await limits.write(caller.user.id);

  const takesBody = endpoint.method !== 'GET' && endpoint.method !== 'DELETE';
  const media = takesBody ? mediaOf(req, endpoint.checkForm !== undefined) : undefined;
  const body: Body = media
    ? await readBody(req, media)
    : { media: 'json', value: takesBody ? {} : null, bytes: NO_BYTES };
  const query = parseQuery(splitTarget(req.url).query);
  endpoint.checkPath(params);
  endpoint.checkQuery(query);
  if (body.media === 'form') endpoint.checkForm?.(body.value);
  else if (takesBody) endpoint.checkBody(body.value);

  const request: ApiRequest = {
    id,
    user: caller?.user ?? null,
    session: caller?.session ?? null,
    params,
    query,
    body: body.value,
    page: pageOf(endpoint, query),
    ifMatch: ifMatchVersion(req.headers['if-match']),
  };
  if (endpoint.limit === 'login') await limits.loginTo(accountOf(body.value), redis());

  const exchange = new Exchange(req, res, endpoint, request);
  const key = req.headers['idempotency-key'];
  if (endpoint.keepsAnswers && typeof key === 'string') {
    const userId = request.user?.id ?? null;
    const { method, url } = req;
    const claim = await inTime(idempotency.claim(pool(), { userId, method, url, key, body: body.bytes }));
    if (!claim.first) {
      write(res, claim.answer);
      return;
    }
    // An answer that cannot be kept is given all the same.
    exchange.beforeAnswer((answer) =>
      inTime(claim.settle(answer)).catch((error) => report(error, request.id)),
    );
  }
  exchange.expectAnswerWithin(endpoint.timeout, () => report(new Problem('no_answer'), request.id));
  deliver(exchange);
}

function pageOf(endpoint: Endpoint, query: Record<string, unknown>): ApiRequest['page'] {
  const { page } = endpoint.contract;
  if (!page) return null;
  const { limit = DEFAULT_PAGE_SIZE, cursor } = query as { limit?: number; cursor?: string };
  return { limit, after: cursor === undefined ? firstPosition(page) : decodeCursor(page, cursor) };
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Problem('unavailable')), DATABASE_TIMEOUT_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Whose password is tried. */
function accountOf(body: unknown): string {
  const { email, username } = (body ?? {}) as { email?: unknown; username?: unknown };
  return String(email ?? username ?? '');
}
