/** A broker that does exactly what a test tells it, the wrong things included. */
import { EventEmitter, on, once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { generate, type IConnectPacket, type Packet, parser } from 'mqtt-packet';

const V5 = { protocolVersion: 5 } as const;

export class ScriptedBroker extends EventEmitter<{ connection: [Connection] }> {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  static async listen(): Promise<ScriptedBroker> {
    const broker = new ScriptedBroker();
    broker.#server.listen(0, '127.0.0.1');
    await once(broker.#server, 'listening');
    return broker;
  }

  private constructor() {
    super();
    this.#server = createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      const connection = new Connection(socket);
      connection.once('connect', () => this.emit('connection', connection));
    });
  }

  get url(): string {
    return `mqtt://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The next client that sent CONNECT. */
  async next(): Promise<Connection> {
    const [connection] = await once(this, 'connection');
    return connection;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

export class Connection extends EventEmitter<{ connect: []; packet: [Packet] }> {
  /** All that the client sent, in order. */
  readonly received: Packet[] = [];
  readonly socket: Socket;

  constructor(socket: Socket) {
    super();
    this.socket = socket;
    const incoming = parser(V5);
    incoming.on('packet', (packet) => {
      this.received.push(packet);
      if (packet.cmd === 'connect') this.emit('connect');
      this.emit('packet', packet);
    });
    socket.on('data', (data: Buffer) => incoming.parse(data));
  }

  get connect(): IConnectPacket {
    return this.received[0] as IConnectPacket;
  }

  send(...packets: Packet[]): void {
    this.socket.write(Buffer.concat(packets.map((packet) => generate(packet, V5))));
  }

  /** CONNACK, and SUBACK to the SUBSCRIBE that follows. */
  async accept(sessionPresent = false): Promise<Packet> {
    this.send({ cmd: 'connack', reasonCode: 0, sessionPresent });
    return this.grant();
  }

  /** SUBACK to the SUBSCRIBE, which is returned. */
  async grant(): Promise<Packet> {
    const subscribe = await this.next('subscribe');
    this.send({ cmd: 'suback', messageId: subscribe.messageId!, granted: [1] });
    return subscribe;
  }

  /** Messages with these identifiers, in one piece: the client reads all of them at once. */
  publish(messageIds: number[], payload = 'x', dup = false): void {
    const message = { cmd: 'publish', qos: 1, dup, retain: false, topic: 'vehicles/v1/telemetry' } as const;
    this.send(
      ...messageIds.map((messageId) => ({ ...message, messageId, payload: `${payload}${messageId}` })),
    );
  }

  /** The first packet of that kind, past or future. */
  async next(cmd: Packet['cmd']): Promise<Packet> {
    const past = this.received.find((packet) => packet.cmd === cmd);
    if (past) return past;
    for await (const [packet] of on(this, 'packet')) if (packet.cmd === cmd) return packet;
    throw new Error('unreachable');
  }

  /** Identifiers that were acknowledged so far, in order. */
  get acknowledged(): number[] {
    return this.received.filter(({ cmd }) => cmd === 'puback').map(({ messageId }) => messageId!);
  }

  /** Resolves when that many PUBACKs have come. */
  async acknowledgements(count: number): Promise<number[]> {
    while (this.acknowledged.length < count) await once(this, 'packet');
    return this.acknowledged;
  }
}
