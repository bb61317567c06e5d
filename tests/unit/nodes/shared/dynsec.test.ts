/** The client of the dynamic security plugin, against a broker in this process that plays the plugin. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { DynamicSecurity, type Reply } from '../../../../nodes/shared/dynsec.ts';
import { PluginBroker } from '../plugin-broker.ts';

describe('the dynamic security client', () => {
  let broker: PluginBroker;
  let client: DynamicSecurity;
  let ready: PromiseWithResolvers<void>;
  let closed: number;

  beforeEach(async () => {
    broker = await PluginBroker.start();
    ready = Promise.withResolvers();
    closed = 0;
    client = new DynamicSecurity({
      url: broker.url,
      connection: {},
      timeoutMs: 200,
      onReady: () => ready.resolve(),
      onClose: () => closed++,
      onError: () => {},
    });
  });

  afterEach(async () => {
    await client.close();
    await broker.stop();
  });

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
    broker.plugin = (commands) => {
      broker.say('{"responses":[{"command":"getClient","error":"theirs","correlationData":"another"}]}');
      broker.say('not json');
      broker.say('{}');
      return { responses: commands };
    };
    const [reply] = await client.run([{ command: 'getClient' }]);
    assert.equal(reply?.error, undefined);
  });

  it('gives up on a plugin that does not answer', async () => {
    await ready.promise;
    broker.plugin = () => undefined;
    await assert.rejects(client.run([{ command: 'listClients' }]), {
      code: 'unavailable',
      message: /did not answer/,
    });
  });

  it('gives up at once when the connection is lost', async () => {
    await ready.promise;
    broker.plugin = () => {
      broker.disconnectAll();
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
    const returned = once(broker.server, 'connection', { signal: AbortSignal.timeout(1_500) });
    await assert.rejects(returned, { name: 'AbortError' });
  });

  it('sends nothing for no commands', async () => {
    assert.deepEqual(await client.run([]), []);
  });

  it('publishes and waits for the broker', async () => {
    await ready.promise;
    const heard = broker.heard('provision/response/c');
    await client.publish('provision/response/c', { status: 'registered' });
    assert.deepEqual(await heard, { status: 'registered' });
  });
});
