/** A private Redis. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { PRIVATE_FILE, writeFileAtomically } from '../runtime/files.ts';
import { logFile } from './log-file.ts';
import { requireProgram } from './programs.ts';
import { Service } from './service.ts';

export interface RedisOptions {
  dataDir: string;
  port: number;
  password: string;
}

export interface RedisServer {
  service: Service;
  url: string;
}

export function redisServer({ dataDir, port, password }: RedisOptions): RedisServer {
  const directory = join(dataDir, 'redis');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  // A file, not arguments: those can be read by everybody on the machine.
  const configuration = join(dataDir, 'redis.conf');
  writeFileAtomically(
    configuration,
    `${[
      'bind 127.0.0.1',
      `port ${port}`,
      `requirepass ${password}`,
      `dir ${JSON.stringify(directory)}`,
      'daemonize no',
      // Jobs wait in Redis: they survive a crash but for the last second, which MySQL queues again.
      'appendonly yes',
      'appendfsync everysec',
      // BullMQ must never lose a key to eviction; a full Redis refuses writes instead.
      'maxmemory 512mb',
      'maxmemory-policy noeviction',
      'save ""',
    ].join('\n')}\n`,
    PRIVATE_FILE,
  );
  const service = new Service({
    name: 'Redis',
    command: requireProgram('redis-server'),
    args: [configuration],
    logFile: logFile(dataDir, 'redis'),
    async probe() {
      const client = new Redis({
        host: '127.0.0.1',
        port,
        password,
        lazyConnect: true,
        maxRetriesPerRequest: 0,
        retryStrategy: null,
      });
      client.on('error', () => {});
      try {
        await client.connect();
        // Answers LOADING until the append-only file is read.
        await client.ping();
      } finally {
        client.disconnect();
      }
    },
  });
  return { service, url: `redis://:${password}@127.0.0.1:${port}/0` };
}
