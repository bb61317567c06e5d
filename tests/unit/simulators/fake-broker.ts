/** A broker and a server behind it, in memory: what a device sends is kept, what it hears is up to the test. */
import { type EventEmitter, once } from 'node:events';
import { type Link, type LinkOptions, LoginRefused, type OpenLink } from '../../../simulators/link.ts';

export interface Published {
  topic: string;
  /** Whatever the device made of it. */
  payload: any;
  retain: boolean;
}

export class FakeBroker {
  /** What arrived, over all connections. */
  readonly published: Published[] = [];
  /** The connections so far. */
  readonly links: { options: LinkOptions; drop(): void; closed: boolean }[] = [];
  /** By user name. */
  readonly passwords = new Map([['provision', 'ask']]);
  /** Answers each publish; set by the test. */
  onPublish: (message: Published, link: LinkOptions) => void = () => {};
  readonly #events: EventEmitter;

  constructor(events: EventEmitter) {
    this.#events = events;
  }

  readonly open: OpenLink = async (options) => {
    if (this.passwords.get(options.username) !== options.password) throw new LoginRefused('no');
    const end = Promise.withResolvers<void>();
    const entry = {
      options,
      closed: false,
      drop() {
        entry.closed = true;
        end.resolve();
      },
    };
    this.links.push(entry);
    queueMicrotask(() => this.#events.emit('change'));
    const link: Link = {
      closed: end.promise,
      publish: async (topic, payload, { retain } = { retain: false }) => {
        if (entry.closed) throw new Error('closed');
        const message = { topic, payload: JSON.parse(JSON.stringify(payload)), retain };
        this.published.push(message);
        queueMicrotask(() => {
          if (!entry.closed) this.onPublish(message, options);
          this.#events.emit('change');
        });
      },
      close: async () => entry.drop(),
    };
    return link;
  };

  /** Sends to whoever is connected and listens. */
  send(topic: string, payload: unknown): void {
    for (const { options, closed } of this.links) {
      if (!closed && options.subscribe.includes(topic)) {
        options.onMessage(topic, Buffer.from(JSON.stringify(payload)));
      }
    }
  }

  /** Resolves when it holds, which is looked at after each event. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await once(this.#events, 'change');
  }
}
