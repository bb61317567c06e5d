/**
 * As much of Node-RED as `api in` and `api out` see, with a real HTTP server in front: for tests of endpoints that
 * need neither a database nor a flow. A handler stands where the flow would.
 */
import { EventEmitter, once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { ApiInController } from '../../../nodes/api-in/controller.ts';
import { type ApiOutConfig, ApiOutController } from '../../../nodes/api-out/controller.ts';
import type { ApiInConfig } from '../../../nodes/shared/http/definition.ts';
import { apiServer } from '../../../nodes/shared/http/server.ts';
import type { Message, Red, RedNode } from '../../../nodes/shared/red.ts';
import type { CauceSettings, HttpContract } from '../../../nodes/shared/settings.ts';
import { type Api, apiOf } from '../../support/http.ts';

type Flow = (message: Message) => Message | undefined | Promise<Message | undefined>;

export class ApiRuntime {
  readonly events = new EventEmitter();
  readonly logged: unknown[] = [];
  readonly contracts: Record<string, HttpContract> = {};
  readonly #app = express();
  #server: Server | undefined;
  #ids = 0;
  readonly red = {
    events: this.events,
    httpNode: this.#app,
    settings: {
      cauce: {
        contracts: { http: this.contracts, mqtt: {} },
        jwt: { secret: 'a secret for tests', accessTtlSeconds: 900, refreshTtlSeconds: 3600 },
        secretsKey: Buffer.alloc(32, 1),
        provisionPassword: '',
        rateLimits: { loginPerAccountMinute: 3, loginPerAddressMinute: 1000, writesPerUserSecond: 200 },
      } satisfies CauceSettings,
    },
    log: { error: (entry: unknown) => void this.logged.push(entry) },
    nodes: { getNode: () => null },
  } as unknown as Red;

  async start(): Promise<Api> {
    this.#app.use((_req, _res, next) => {
      next();
      // The endpoint has it by now.
      this.events.emit('asked');
    });
    apiServer(this.red);
    this.#app.get('/other', (_req, res) => void res.send('not ours'));
    this.#server = this.#app.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.events.emit('flows:started');
    return apiOf(`http://127.0.0.1:${this.port}`);
  }

  get port(): number {
    return (this.#server!.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    this.#server?.close();
    if (this.#server) await once(this.#server, 'close');
  }

  /** An endpoint, a flow behind it, and an answer. A flow that returns nothing sends nothing. */
  endpoint(
    config: Partial<ApiInConfig> & Pick<ApiInConfig, 'method' | 'path'>,
    flow: Flow = (message) => message,
    out: Partial<ApiOutConfig> = {},
  ): ApiInController {
    const answer = this.out(out);
    const send = async (message: Message) => {
      const outgoing = await flow(message);
      if (outgoing) await answer.input(outgoing);
    };
    const node = this.#node(send);
    const definition = {
      id: node.id,
      type: 'api in',
      role: 'public',
      limit: 'none',
      schema: '',
      ...config,
    } as const;
    return new ApiInController({ red: this.red, node, config: definition });
  }

  out(config: Partial<ApiOutConfig> = {}): ApiOutController {
    return new ApiOutController(this.#node(), { answer: 'value', ...config }, this.red.log);
  }

  #node(send: (message: Message) => void = () => {}): RedNode {
    return { id: `n${++this.#ids}`, send, status() {} } as unknown as RedNode;
  }
}
