/**
 * A durable MQTT 5 session whose messages are acknowledged by us, when they are stored.
 *
 * mqtt.js sends the PUBACK when `handleMessage` calls back without an error. Called back with an error, it
 * goes on to the next packet and sends none. The PUBACKs of a stored batch are then written in one piece.
 * (mqtt.js >= 5.16, where an error in the callback is no error of the connection; session.test.ts would tell.)
 */
import { EventEmitter } from 'node:events';
import mqtt, { type IClientOptions, type IDisconnectPacket, type MqttClient } from 'mqtt';
import { endSession } from '../shared/mqtt-broker.ts';
import { pubacks } from './puback.ts';
import { type Received, Window, type WindowLimits } from './window.ts';

export interface SessionOptions {
  /** `mqtt://host:port` and the client options of the account: user, password, TLS. */
  url: string;
  account: IClientOptions;
  /** Fixed: the broker knows the session by it. */
  clientId: string;
  /** Topic filter. */
  filter: string;
  /** A filter that this session used before; it is unsubscribed. */
  formerFilter?: string | undefined;
  /** How much may be received and unacknowledged before reading stops. */
  window: WindowLimits;
}

export type SessionState = 'connecting' | 'connected' | 'taken over' | 'not allowed';

interface SessionEvents {
  message: [];
  state: [SessionState, string?];
}

const DEFERRED = new Error('Acknowledged after the commit');
const KEEPALIVE_S = 30;
const CONNECT_TIMEOUT_MS = 10_000;
const RECONNECT_MIN_MS = 250;
const RECONNECT_MAX_MS = 5_000;
/** Two runtimes with one client id would take each other's session in turns for ever. */
const TAKEN_OVER_MS = 30_000;
const SESSION_TAKEN_OVER = 0x8e;
const NEVER_EXPIRES = 0xffffffff;
const RECEIVE_MAXIMUM_LIMIT = 0xffff;

export class Session extends EventEmitter<SessionEvents> {
  readonly #options: SessionOptions;
  readonly #window: Window;
  #client: MqttClient | undefined;
  /** Counts connections. A packet identifier means nothing on another connection than its own. */
  #epoch = 0;
  #stopping = false;
  #failures = 0;
  /** Goes on with the packets behind the one that filled the window. */
  #resume: (() => void) | undefined;
  #pings: NodeJS.Timeout | undefined;
  #reconnects = 0;

  constructor(options: SessionOptions) {
    super();
    this.#options = options;
    this.#window = new Window(options.window);
  }

  get waiting(): number {
    return this.#window.waiting;
  }

  get oldest(): number | undefined {
    return this.#window.oldest;
  }

  get reconnects(): number {
    return this.#reconnects;
  }

  /** Connects, and from then on keeps itself connected. */
  start(): void {
    const { url, account, clientId, window } = this.#options;
    this.emit('state', 'connecting');
    const client = mqtt.connect(url, {
      ...account,
      clientId,
      protocolVersion: 5,
      // An automatic reconnect repeats Clean Start: `clean: true` would drop the session each time.
      clean: false,
      properties: {
        sessionExpiryInterval: NEVER_EXPIRES,
        receiveMaximum: Math.min(window.messages, RECEIVE_MAXIMUM_LIMIT),
      },
      keepalive: KEEPALIVE_S,
      connectTimeout: CONNECT_TIMEOUT_MS,
      // Its debug output, though off, costs an array for each of a dozen lines a message.
      log: () => {},
      reconnectPeriod: RECONNECT_MIN_MS,
      // A broker that starts may refuse us until its accounts are loaded.
      reconnectOnConnackError: true,
      resubscribe: false,
      // Messages of a resumed session follow the CONNACK at once: every handler is in place before.
      manualConnect: true,
    });
    this.#client = client;
    client.handleMessage = (packet, callback) => {
      // Between the end of a connection and the next one, mqtt.js still works off packets of the old one.
      if (!client.connected) return;
      const proceed = packet.qos === 0 ? () => callback() : () => callback(DEFERRED);
      if (this.#stopping) return proceed();
      this.#window.push({
        topic: packet.topic.toString(),
        payload: packet.payload as Buffer,
        packetId: packet.messageId ?? 0,
        redelivered: packet.dup,
        retained: packet.retain,
        receivedAt: Date.now(),
        epoch: this.#epoch,
      });
      if (this.#window.full) this.#pause(proceed);
      else proceed();
      this.emit('message');
    };
    client.on('connect', () => this.#subscribe(client));
    client.on('disconnect', (packet: IDisconnectPacket) => {
      if (packet.reasonCode === SESSION_TAKEN_OVER) this.#takenOver(client);
    });
    // Where a host has several addresses, the error of all attempts has a code and no message.
    client.on('error', (error) => {
      this.emit('state', 'connecting', error.message || String((error as { code?: unknown }).code));
    });
    // Before mqtt.js's own listener, which starts the timer of the next attempt.
    client.prependListener('close', () => this.#closed(client));
    client.connect();
  }

  /** The oldest waiting messages, for one batch. */
  take(limits: WindowLimits): Received[] {
    return this.#window.take(limits);
  }

  /**
   * Sends the PUBACKs of a batch that is stored, unless its connection is gone: a packet identifier that the
   * broker has not sent on this connection would acknowledge another message.
   */
  acknowledge(messages: readonly Received[]): void {
    if (messages[0]?.epoch !== this.#epoch || !this.#client?.connected) return;
    this.#client.stream.write(pubacks(messages));
    this.#window.release(messages);
    if (this.#resume && !this.#window.full) this.#unpause();
  }

  /**
   * Closes without UNSUBSCRIBE: the broker goes on to keep what arrives for us.
   * @param forget the node was deleted: the broker drops the session and what it keeps
   */
  async stop(forget: boolean): Promise<void> {
    this.#stopping = true;
    const client = this.#client;
    if (!client) return;
    // Packets behind a full window are let through, unacknowledged: the end of the stream comes after them.
    if (this.#resume) this.#unpause();
    await endSession(client, {
      reasonCode: 0,
      properties: { sessionExpiryInterval: forget ? 0 : NEVER_EXPIRES },
    });
  }

  #subscribe(client: MqttClient): void {
    this.#failures = 0;
    const { filter, formerFilter } = this.#options;
    if (formerFilter && formerFilter !== filter) client.unsubscribe(formerFilter);
    // At every connect, whatever `session present` says: it heals a broker that has lost its state. `rh: 1`:
    // retained messages only where the subscription is new.
    client.subscribe(filter, { qos: 1, rh: 1 }, (error, granted) => {
      if (!error && granted?.every(({ qos }) => qos < 0x80)) {
        this.emit('state', 'connected');
        return;
      }
      if (!client.connected) return;
      this.emit('state', 'not allowed', `${filter}: ${error?.message ?? 'refused'}`);
      this.#failures = Number.POSITIVE_INFINITY;
      client.stream.destroy();
    });
  }

  #closed(client: MqttClient): void {
    if (client.connected) this.#reconnects++;
    this.#epoch++;
    this.#window.clear();
    this.#resume = undefined;
    clearInterval(this.#pings);
    if (this.#stopping) return;
    // Full jitter above a floor: a fleet of runtimes does not come back in step.
    const ceiling = Math.min(RECONNECT_MAX_MS, RECONNECT_MIN_MS * 2 ** this.#failures++);
    if ((client.options.reconnectPeriod ?? 0) < TAKEN_OVER_MS) {
      client.options.reconnectPeriod = RECONNECT_MIN_MS + Math.random() * ceiling;
      this.emit('state', 'connecting');
    }
  }

  #takenOver(client: MqttClient): void {
    // Without the client id, which is a secret and would stand in the log.
    this.emit('state', 'taken over', 'another runtime uses this session');
    client.options.reconnectPeriod = TAKEN_OVER_MS * (1 + Math.random());
    client.once('connect', () => {
      client.options.reconnectPeriod = RECONNECT_MIN_MS;
    });
  }

  /** Reads no further packet; TCP holds the rest back, in the broker. */
  #pause(proceed: () => void): void {
    this.#resume = proceed;
    // The answers to pings are behind the packets that are not read: mqtt.js would take the broker for dead.
    this.#pings = setInterval(
      () => {
        this.#client?.sendPing();
        this.#client?.reschedulePing(true);
      },
      (KEEPALIVE_S * 1000) / 4,
    );
  }

  #unpause(): void {
    clearInterval(this.#pings);
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  }
}
