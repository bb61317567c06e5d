import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setTimeout as delay, setImmediate } from 'node:timers/promises';
import type { IDisconnectPacket, ISubscribePacket } from 'mqtt-packet';
import { Session, type SessionOptions } from '../../../../nodes/mqtt-batch-in/session.ts';
import type { Received } from '../../../../nodes/mqtt-batch-in/window.ts';
import { ScriptedBroker } from './scripted-broker.ts';

const ALL = { messages: 1_000, bytes: 1_000_000 };
/** The first attempt follows within half a second. */
const LONGER_THAN_A_RECONNECT_MS = 800;

describe('a durable MQTT session', () => {
  let broker: ScriptedBroker;
  let session: Session;

  beforeEach(async () => {
    broker = await ScriptedBroker.listen();
  });
  afterEach(async () => {
    await broker.close();
    await session.stop(false);
  });

  function open(options: Partial<SessionOptions> = {}) {
    session = new Session({
      url: broker.url,
      account: {},
      clientId: 'cauce-test',
      filter: 'vehicles/+/telemetry',
      window: { messages: 100, bytes: 100_000 },
      ...options,
    });
    const connection = broker.next();
    session.start();
    return connection;
  }

  async function waiting(count: number): Promise<void> {
    while (session.waiting < count) await once(session, 'message');
  }

  const payloads = (messages: Received[]) => messages.map(({ payload }) => payload.toString());

  it('asks the broker to keep it for ever, and not to start clean', async () => {
    const { connect } = await open();
    assert.equal(connect.clean, false);
    assert.equal(connect.clientId, 'cauce-test');
    assert.equal(connect.properties?.sessionExpiryInterval, 0xffffffff);
    assert.equal(connect.protocolVersion, 5);
  });

  it('stays away when it is stopped before it was connected: its client id is that of the next one', async () => {
    await open();
    const again = broker.next().then(() => 'came back');
    await session.stop(false);
    assert.equal(await Promise.race([again, delay(LONGER_THAN_A_RECONNECT_MS, 'away')]), 'away');
  });

  it('subscribes at every connect, even when the broker says that the session is present', async () => {
    const first = await open();
    const { subscriptions } = (await first.accept()) as ISubscribePacket;
    assert.deepEqual(
      subscriptions.map(({ topic, qos, rh }) => ({ topic, qos, rh })),
      [{ topic: 'vehicles/+/telemetry', qos: 1, rh: 1 }],
    );
    const next = broker.next();
    first.socket.destroy();
    const second = await next;
    assert.equal((await second.accept(true)).cmd, 'subscribe');
  });

  it('takes messages that come in one piece with the CONNACK', async () => {
    const connection = await open();
    const message = {
      cmd: 'publish',
      qos: 1,
      dup: true,
      retain: false,
      topic: 't',
      payload: 'early',
    } as const;
    connection.send({ cmd: 'connack', reasonCode: 0, sessionPresent: true }, { ...message, messageId: 7 });
    await waiting(1);
    const taken = session.take(ALL);
    assert.deepEqual(payloads(taken), ['early']);
    assert.equal(taken[0]!.redelivered, true);
    await connection.grant();
    session.acknowledge(taken);
    assert.deepEqual(await connection.acknowledgements(1), [7]);
  });

  it('acknowledges nothing until it is told to, then in the order of arrival', async () => {
    const connection = await open();
    await connection.accept();
    connection.publish([3, 1, 2]);
    await waiting(3);
    assert.deepEqual(connection.acknowledged, []);
    session.acknowledge(session.take(ALL));
    assert.deepEqual(await connection.acknowledgements(3), [3, 1, 2]);
  });

  it('goes on reading while acknowledgements are held back', async () => {
    const connection = await open();
    await connection.accept();
    connection.publish(Array.from({ length: 50 }, (_, index) => index + 1));
    await waiting(50);
    assert.equal(session.waiting, 50);
  });

  it('never acknowledges on a connection what came on another', async () => {
    const first = await open();
    await first.accept();
    first.publish([5], 'old');
    await waiting(1);
    const taken = session.take(ALL);
    const next = broker.next();
    first.socket.destroy();
    const second = await next;
    // Stored while the connection was down, or just up again: identifier 5 may be another message by now.
    session.acknowledge(taken);
    await second.accept(true);
    session.acknowledge(taken);
    second.publish([5, 6], 'another');
    await waiting(2);
    session.acknowledge(session.take(ALL));
    assert.deepEqual(await second.acknowledgements(2), [5, 6]);
  });

  it('forgets what waited when the connection breaks: the broker sends it again', async () => {
    const first = await open();
    await first.accept();
    first.publish([1, 2]);
    await waiting(2);
    const next = broker.next();
    first.socket.destroy();
    const second = await next;
    assert.equal(session.waiting, 0);
    await second.accept(true);
    second.publish([1], 'x', true);
    await waiting(1);
    assert.equal(session.waiting, 1);
  });

  it('stops reading when the window is full of messages, and goes on when there is room', async () => {
    const connection = await open({ window: { messages: 3, bytes: 100_000 } });
    await connection.accept();
    connection.publish([1, 2, 3, 4, 5], 'm');
    await waiting(3);
    await setImmediate();
    assert.equal(session.waiting, 3);
    session.acknowledge(session.take({ messages: 2, bytes: 1_000 }));
    await waiting(3);
    assert.deepEqual(payloads(session.take(ALL)), ['m3', 'm4', 'm5']);
  });

  it('stops reading when the window is full of bytes', async () => {
    const connection = await open({ window: { messages: 100, bytes: 10 } });
    await connection.accept();
    connection.publish([1, 2, 3, 4, 5], 'abcdefg');
    await waiting(2);
    await setImmediate();
    assert.equal(session.waiting, 2);
  });

  it('tells the broker how many messages it takes unacknowledged', async () => {
    const { connect } = await open({ window: { messages: 1234, bytes: 1 } });
    assert.equal(connect.properties?.receiveMaximum, 1234);
  });

  it('comes back after a refused CONNECT: the accounts of the broker may not be loaded yet', async () => {
    const first = await open();
    const next = broker.next();
    first.send({ cmd: 'connack', reasonCode: 0x87, sessionPresent: false });
    const second = await next;
    await second.accept();
    assert.equal((await second.next('subscribe')).cmd, 'subscribe');
  });

  it('says so when its subscription is refused, and ends the connection to try again', async () => {
    const connection = await open();
    const states: string[] = [];
    session.on('state', (state) => void states.push(state));
    connection.send({ cmd: 'connack', reasonCode: 0, sessionPresent: false });
    const subscribe = await connection.next('subscribe');
    const closed = once(connection.socket, 'close');
    connection.send({ cmd: 'suback', messageId: subscribe.messageId!, granted: [0x87] });
    await closed;
    assert.deepEqual(states, ['not allowed', 'connecting']);
  });

  it('leaves the session to another client that took it over, loudly', async () => {
    const connection = await open();
    await connection.accept();
    const taken = new Promise<string | undefined>((resolve) => {
      session.on('state', (state, reason) => state === 'taken over' && resolve(reason));
    });
    let returned = false;
    broker.once('connection', () => {
      returned = true;
    });
    connection.send({ cmd: 'disconnect', reasonCode: 0x8e });
    assert.equal(await taken, 'another runtime uses this session');
    const closed = once(connection.socket, 'close');
    connection.socket.end();
    await closed;
    // A connection that was merely lost is back within half a second.
    await new Promise((resolve) => setTimeout(resolve, 700));
    assert.equal(returned, false);
  });

  it('closes with DISCONNECT and without UNSUBSCRIBE, so the broker keeps what arrives', async () => {
    const connection = await open();
    await connection.accept();
    const stopped = session.stop(false);
    const disconnect = (await connection.next('disconnect')) as IDisconnectPacket;
    connection.socket.end();
    await stopped;
    assert.equal(disconnect.reasonCode, 0);
    assert.equal(disconnect.properties?.sessionExpiryInterval, 0xffffffff);
    assert.equal(connection.received.filter(({ cmd }) => cmd === 'unsubscribe').length, 0);
  });

  it('ends the session when its node is deleted', async () => {
    const connection = await open();
    await connection.accept();
    const stopped = session.stop(true);
    const disconnect = (await connection.next('disconnect')) as IDisconnectPacket;
    connection.socket.end();
    await stopped;
    assert.equal(disconnect.properties?.sessionExpiryInterval, 0);
  });

  it('closes although the window is full and packets wait behind it', async () => {
    const connection = await open({ window: { messages: 1, bytes: 1_000 } });
    await connection.accept();
    connection.publish([1, 2, 3, 4, 5, 6, 7, 8]);
    await waiting(1);
    const stopped = session.stop(false);
    await connection.next('disconnect');
    connection.socket.end();
    await stopped;
    assert.deepEqual(connection.acknowledged, []);
  });

  it('unsubscribes the filter that its node had before', async () => {
    const connection = await open({ formerFilter: 'old/+/telemetry' });
    connection.send({ cmd: 'connack', reasonCode: 0, sessionPresent: true });
    const unsubscribe = await connection.next('unsubscribe');
    assert.deepEqual((unsubscribe as { unsubscriptions: string[] }).unsubscriptions, ['old/+/telemetry']);
  });
});
