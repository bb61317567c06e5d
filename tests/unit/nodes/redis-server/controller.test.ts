import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { RedisServerController } from '../../../../nodes/redis-server/controller.ts';
import type { RedNode } from '../../../../nodes/shared/red.ts';

/** Answers OK to every command, or nothing at all. */
class ScriptedRedis {
  silent = false;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;

  get url(): string {
    return `redis://127.0.0.1:${this.#port}`;
  }

  /** Each time on the same port. */
  async start(): Promise<void> {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => {});
      socket.on('data', (data) => {
        const commands = String(data).match(/^\*\d+\r$/gm)?.length ?? 0;
        if (!this.silent) socket.write('+OK\r\n'.repeat(commands));
      });
    }).listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  get connections(): Socket[] {
    return [...this.#sockets];
  }

  async stop(): Promise<void> {
    if (!this.#server?.listening) return;
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** Unlike `once` of node:events, not rejected by an 'error' on the way. */
const event = (client: Redis, name: string) =>
  new Promise<void>((resolve) => void client.once(name, () => resolve()));

describe('the redis server node', () => {
  let redis: ScriptedRedis;
  let said: string[];
  let controller: RedisServerController | undefined;

  beforeEach(async () => {
    redis = new ScriptedRedis();
    await redis.start();
    said = [];
  });
  afterEach(async () => {
    await controller?.close();
    controller = undefined;
    await redis.stop();
  });

  const node = {
    log: (text: string) => void said.push(`log: ${text}`),
    warn: (text: string) => void said.push(`warn: ${text}`),
  } as unknown as RedNode;

  function open(): Redis {
    controller = new RedisServerController(node, { url: redis.url });
    return controller.client;
  }

  it('connects before anybody asks for something, and has nothing to say about it', async () => {
    const client = open();
    await event(client, 'ready');
    assert.equal(await client.set('key', 'value'), 'OK');
    assert.deepEqual(said, []);
  });

  it('refuses an address that is none of Redis', () => {
    for (const url of ['', undefined, 'localhost:6379', 'http://localhost', ' redis://localhost'])
      assert.throws(() => new RedisServerController(node, { url: url as string }), TypeError);
  });

  describe('while Redis is away', () => {
    beforeEach(() => redis.stop());

    it('fails commands at once', async () => {
      const client = open();
      const begin = performance.now();
      await assert.rejects(client.get('key'));
      await event(client, 'reconnecting');
      await assert.rejects(client.get('key'));
      assert.ok(performance.now() - begin < 500);
    });

    it('says so once, goes on trying, and says when it is back', async () => {
      const client = open();
      for (let attempt = 0; attempt < 3; attempt++) await event(client, 'reconnecting');
      assert.equal(said.length, 1, said.join('\n'));
      assert.match(said[0]!, /^warn: Redis is away: .*ECONNREFUSED/);
      await redis.start();
      await event(client, 'ready');
      assert.deepEqual(said.slice(1), ['log: Redis is back']);
      assert.equal(await client.set('key', 'value'), 'OK');
    });

    it('makes no more attempts once it is closed', async () => {
      const client = open();
      await event(client, 'reconnecting');
      await controller!.close();
      await redis.start();
      // The next attempt would come after at most 200 ms.
      await delay(400);
      assert.deepEqual(redis.connections, []);
    });
  });

  it('warns of each outage', async () => {
    const client = open();
    await event(client, 'ready');
    for (let outage = 0; outage < 2; outage++) {
      await Promise.all([event(client, 'error'), redis.stop()]);
      await redis.start();
      await event(client, 'ready');
    }
    assert.deepEqual(
      said.map((line) => /^\w+: Redis is \w+/.exec(line)![0]),
      ['warn: Redis is away', 'log: Redis is back', 'warn: Redis is away', 'log: Redis is back'],
    );
  });

  it('does not wait for a server that accepts commands and answers none', async () => {
    const client = open();
    await event(client, 'ready');
    redis.silent = true;
    const begin = performance.now();
    await assert.rejects(client.get('key'), /timed out/);
    assert.ok(performance.now() - begin < 2_000);
  });

  it('ends its connection when it is closed', async () => {
    const client = open();
    await event(client, 'ready');
    const [socket] = redis.connections;
    await Promise.all([once(socket!, 'close'), controller!.close()]);
    assert.deepEqual(redis.connections, []);
  });
});
