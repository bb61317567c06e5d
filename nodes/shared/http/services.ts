/** What all endpoints of a runtime share. */
import type { EventEmitter } from 'node:events';
import type { Redis } from 'ioredis';
import { openPool, type PoolHandle } from '../mysql.ts';
import type { Red, RedNode } from '../red.ts';
import { cauceSettings } from '../settings.ts';
import { Access } from './access.ts';
import { Idempotency } from './idempotency.ts';
import { RateLimits } from './rate-limits.ts';
import { Tokens } from './tokens.ts';

export interface Services {
  tokens: Tokens;
  access: Access;
  limits: RateLimits;
  idempotency: Idempotency;
}

const services = new WeakMap<EventEmitter, Services>();

/** @throws Error when the settings are not there */
export function apiServices(red: Red): Services {
  let shared = services.get(red.events);
  if (!shared) {
    const { jwt, secretsKey, rateLimits } = cauceSettings(red);
    const tokens = new Tokens(jwt.secret, jwt.accessTtlSeconds);
    shared = {
      tokens,
      access: new Access(tokens),
      limits: new RateLimits(rateLimits),
      idempotency: new Idempotency(secretsKey),
    };
    services.set(red.events, shared);
  }
  return shared;
}

/** A share of the pool behind the endpoints. @throws Error when the config node is missing */
export function openApiPool(red: Red): PoolHandle {
  return openPool(red, cauceSettings(red).configNodes?.database ?? 'cauce-mysql');
}

/** The Redis of the endpoints' limits, when there is one. Asked at each use: a deploy may exchange the node. */
export function apiRedis(red: Red): Redis | undefined {
  const node = red.nodes.getNode(cauceSettings(red).configNodes?.redis ?? 'cauce-redis') as
    | (RedNode & { controller?: { client?: Redis } })
    | null;
  return node?.controller?.client;
}
