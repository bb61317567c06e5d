/**
 * One connection to Redis for all nodes that refer to this config node. It connects at once and goes on
 * trying for ever. While Redis is away commands fail at once: Redis holds what is quick or convenient,
 * and its users have another way.
 */
import { Redis } from 'ioredis';
import type { Controller } from '../shared/node.ts';
import type { RedNode } from '../shared/red.ts';

export interface RedisServerConfig {
  /** `redis://[user:password@]host[:port][/db]`, `rediss://` for TLS. */
  url: string;
}

const CONNECT_TIMEOUT_MS = 2_000;
/** A server that accepts commands and answers none counts as away. */
const COMMAND_TIMEOUT_MS = 1_000;
const LONGEST_PAUSE_MS = 2_000;
const PAUSE_STEP_MS = 100;

export class RedisServerController implements Controller {
  readonly client: Redis;
  #down = false;

  /** @throws TypeError for what is no Redis URL */
  constructor(node: RedNode, { url }: RedisServerConfig) {
    if (!/^rediss?:\/\//.test(url ?? ''))
      throw new TypeError('The address begins with redis:// or rediss://.');
    this.client = new Redis(url, {
      connectTimeout: CONNECT_TIMEOUT_MS,
      commandTimeout: COMMAND_TIMEOUT_MS,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 1,
      retryStrategy: (attempt) => Math.min(attempt * PAUSE_STEP_MS, LONGEST_PAUSE_MS),
    });
    this.client.on('ready', () => {
      if (this.#down) node.log('Redis is back');
      this.#down = false;
    });
    // Said once an outage, as each attempt would fill the log. A config node has no box to show a status on.
    this.client.on('error', (error) => {
      if (!this.#down) node.warn(`Redis is away: ${error.message}`);
      this.#down = true;
    });
  }

  async close(): Promise<void> {
    this.client.disconnect();
  }
}
