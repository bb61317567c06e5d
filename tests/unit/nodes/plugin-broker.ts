/** An MQTT broker in this process that plays Mosquitto's dynamic security plugin. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Aedes } from 'aedes';

const REQUEST = '$CONTROL/dynamic-security/v1';

/** Answers the body of a response, or undefined for silence. A text is sent as it is. */
export type Plugin = (commands: Array<Record<string, unknown>>) => unknown;

export class PluginBroker {
  readonly #broker: Aedes;
  readonly server: Server;
  readonly #sockets = new Set<Socket>();
  plugin: Plugin = (commands) => ({ responses: commands });

  static async start(): Promise<PluginBroker> {
    const broker = new PluginBroker(
      await Aedes.createBroker({ authorizePublish: (_client, _packet, done) => done(null) }),
    );
    broker.server.listen(0, '127.0.0.1');
    await once(broker.server, 'listening');
    return broker;
  }

  private constructor(broker: Aedes) {
    this.#broker = broker;
    broker.on('publish', async ({ topic, payload }) => {
      if (topic !== REQUEST) return;
      const answer = await this.plugin(JSON.parse(payload.toString()).commands);
      if (answer !== undefined) this.say(typeof answer === 'string' ? answer : JSON.stringify(answer));
    });
    this.server = createServer((socket) => {
      this.#sockets.add(socket);
      broker.handle(socket);
    });
  }

  get url(): string {
    return `mqtt://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** On the topic of responses, to whoever listens. */
  say(payload: string): void {
    const packet = { cmd: 'publish', topic: `${REQUEST}/response`, payload, qos: 0 } as const;
    this.#broker.publish({ ...packet, retain: false, dup: false }, () => {});
  }

  /** The next message on a topic. */
  heard(topic: string): Promise<unknown> {
    return new Promise((resolve) => {
      this.#broker.on('publish', (packet) => {
        if (packet.topic === topic) resolve(JSON.parse(packet.payload.toString()));
      });
    });
  }

  disconnectAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => this.#broker.close(() => resolve()));
    this.server.close();
  }
}
