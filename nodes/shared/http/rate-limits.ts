/**
 * How often somebody may ask. Logins are counted in Redis, for all instances together, and in memory while
 * Redis is away. Writes are counted in memory alone: that limit guards this process against one client's
 * burst, and a round trip to Redis would cost more than many a write.
 */
import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { Redis } from 'ioredis';
import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterRedis,
  RateLimiterRes,
} from 'rate-limiter-flexible';
import { Problem } from '../problem.ts';
import type { CauceSettings } from '../settings.ts';

const MINUTE_S = 60;

export class RateLimits {
  readonly #account: Counter;
  readonly #address: Counter;
  readonly #writes: Counter;

  constructor(limits: CauceSettings['rateLimits']) {
    this.#account = new Counter('login-account', limits.loginPerAccountMinute, MINUTE_S);
    this.#address = new Counter('login-address', limits.loginPerAddressMinute, MINUTE_S);
    this.#writes = new Counter('writes', limits.writesPerUserSecond, 1);
  }

  /** @throws Problem `too_many_requests` */
  async loginFrom(address: string | undefined, redis: Redis | undefined): Promise<void> {
    await this.#address.count(network(address ?? ''), redis);
  }

  /** @throws Problem `too_many_requests` */
  async loginTo(account: string, redis: Redis | undefined): Promise<void> {
    // Hashed: no e-mail address, and no secret typed into the wrong field, ends up in Redis.
    await this.#account.count(
      createHash('sha256').update(account.trim().toLowerCase()).digest('base64url'),
      redis,
    );
  }

  /** @throws Problem `too_many_requests` */
  async write(userId: number): Promise<void> {
    await this.#writes.count(String(userId), undefined);
  }
}

/** One limit: `points` in any window of `seconds`. */
class Counter {
  readonly #memory: RateLimiterMemory;
  #shared: { redis: Redis; limiter: RateLimiterAbstract } | undefined;

  constructor(keyPrefix: string, points: number, seconds: number) {
    this.#memory = new RateLimiterMemory({
      keyPrefix: `cauce:limit:${keyPrefix}`,
      points,
      duration: seconds,
    });
  }

  async count(key: string, redis: Redis | undefined): Promise<void> {
    try {
      await this.#limiter(redis).consume(key);
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      throw new Problem('too_many_requests', undefined, {
        retryAfter: Math.max(1, error.msBeforeNext / 1000),
      });
    }
  }

  #limiter(redis: Redis | undefined): RateLimiterAbstract {
    if (!redis) return this.#memory;
    if (this.#shared?.redis !== redis) {
      const { keyPrefix, points, duration } = this.#memory;
      const limiter = new RateLimiterRedis({
        storeClient: redis,
        keyPrefix,
        points,
        duration,
        insuranceLimiter: this.#memory,
      });
      this.#shared = { redis, limiter };
    }
    return this.#shared.limiter;
  }
}

/** An address as a limit sees it: a household or server of IPv6 has a /64, and with it 2^64 addresses. */
export function network(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped || !isIPv6(address)) return mapped ?? address;
  const [head = '', tail] = address.split('%')[0]!.toLowerCase().split('::');
  const front = head ? head.split(':') : [];
  const back = tail ? tail.split(':') : [];
  const zeros = tail === undefined ? 0 : 8 - front.length - back.length;
  const groups = [...front, ...Array<string>(zeros).fill('0'), ...back];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
