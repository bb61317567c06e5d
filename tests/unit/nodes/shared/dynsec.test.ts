/** The client of the dynamic security plugin, against a broker in this process that plays the plugin. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Aedes } from 'aedes';
import { DynamicSecurity, type Reply } from '../../../../nodes/shared/dynsec.ts';

const REQUEST = '$CONTROL/dynamic-security/v1';
const RESPONSE = `${REQUEST}/response`;

describe('the dynamic security client', () => {
  let broker: Aedes;
  let server: Server;
  let sockets: Set<Socket>;
  let client: DynamicSecurity;
  let ready: PromiseWithResolvers<void>;
  let closed: number;
  /** What the plugin answers; nothing at all when it returns undefined. */
  let plugin: (commands: Array<Record<string, unknown>>) => unknown;

  beforeEach(async () => {
    plugin = (commands) => ({ responses: commands });
    broker = await Aedes.createBroker({ authorizePublish: (_client, _packet, done) => done(null) });
    broker.on('publish', ({ topic, payload }) => {
      if (topic !== REQUEST) return;
      const answer = plugin(JSON.parse(payload.toString()).commands);
      if (answer !== undefined) say(typeof answer === 'string' ? answer : JSON.stringify(answer));
    });
    sockets = new Set();
    server = createServer((socket) => {
      sockets.add(socket);
      broker.handle(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ready = Promise.withResolvers();
    closed = 0;
    client = new DynamicSecurity({
      url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`,
      connection: {},
      timeoutMs: 200,
      onReady: () => ready.resolve(),
      onClose: () => closed++,
      onError: () => {},
    });
  });

  afterEach(async () => {
    await client.close();
    await new Promise<void>((resolve) => broker.close(() => resolve()));
    server.close();
  });

  const say = (payload: string) =>
    broker.publish({ cmd: 'publish', topic: RESPONSE, payload, qos: 0, retain: false, dup: false }, () => {});

  it('gets the answers to its own commands, in their order', async () => {
    await ready.promise;
    const one = client.run([
      { command: 'getClient', username: 'a' },
      { command: 'getClient', username: 'b' },
    ]);
    const two = client.run([{ command: 'getClient', username: 'c' }]);
    const names = (replies: Reply[]) => replies.map((reply) => (reply as { username?: unknown }).username);
    assert.deepEqual(names(await one), ['a', 'b']);
    assert.deepEqual(names(await two), ['c']);
  });

  it("ignores other administrators' answers, and what is no answer", async () => {
    await ready.promise;
    plugin = (commands) => {
      say('{"responses":[{"command":"getClient","error":"theirs","correlationData":"another"}]}');
      say('not json');
      say('{}');
      return { responses: commands };
    };
    const [reply] = await client.run([{ command: 'getClient' }]);
    assert.equal(reply?.error, undefined);
  });

  it('gives up on a plugin that does not answer', async () => {
    await ready.promise;
    plugin = () => undefined;
    await assert.rejects(client.run([{ command: 'listClients' }]), {
      code: 'unavailable',
      message: /did not answer/,
    });
  });

  it('gives up at once when the connection is lost', async () => {
    await ready.promise;
    plugin = () => {
      for (const socket of sockets) socket.destroy();
      return undefined;
    };
    await assert.rejects(client.run([{ command: 'listClients' }]), {
      code: 'unavailable',
      message: /went away/,
    });
    assert.equal(closed, 1);
  });

  it('refuses commands while it is not connected, instead of keeping them for later', async () => {
    await assert.rejects(client.run([{ command: 'listClients' }]), { code: 'unavailable' });
    await assert.rejects(client.publish('topic', {}), { code: 'unavailable' });
  });

  it('stays away when it is closed before it was connected', async () => {
    await client.close();
    const returned = once(server, 'connection', { signal: AbortSignal.timeout(1_500) });
    await assert.rejects(returned, { name: 'AbortError' });
  });

  it('sends nothing for no commands', async () => {
    assert.deepEqual(await client.run([]), []);
  });

  it('publishes and waits for the broker', async () => {
    await ready.promise;
    const heard = new Promise((resolve) => {
      broker.on('publish', ({ topic, payload }) => {
        if (topic === 'provision/response/c') resolve(JSON.parse(payload.toString()));
      });
    });
    await client.publish('provision/response/c', { status: 'registered' });
    assert.deepEqual(await heard, { status: 'registered' });
  });
});
