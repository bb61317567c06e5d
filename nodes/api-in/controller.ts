/** An HTTP endpoint: registers itself, takes requests through the pipeline, and sends what passes. */
import { type ApiInConfig, defineEndpoint } from '../shared/http/definition.ts';
import { compileEndpoint, type Endpoint } from '../shared/http/endpoint.ts';
import type { Exchange } from '../shared/http/exchange.ts';
import { runPipeline } from '../shared/http/pipeline.ts';
import { type ApiServer, apiServer, type Incoming } from '../shared/http/server.ts';
import { apiRedis, apiServices, openApiPool } from '../shared/http/services.ts';
import type { PoolHandle } from '../shared/mysql.ts';
import type { Controller, NodeContext } from '../shared/node.ts';
import { Problem } from '../shared/problem.ts';
import type { Red, RedNode } from '../shared/red.ts';
import { cauceSettings } from '../shared/settings.ts';

/** What the flow has left when its nodes are exchanged: the answer may be on its way, or lost with a node. */
const CLOSING_MS = 1_000;

export class ApiInController implements Controller {
  readonly #red: Red;
  readonly #node: RedNode;
  readonly #endpoint: Endpoint;
  readonly #server: ApiServer;
  readonly #pool: PoolHandle | undefined;
  readonly #open = new Set<Exchange>();
  #closed = false;

  /** @throws Error for what cannot be deployed: the node shows it */
  constructor({ red, node, config }: NodeContext<ApiInConfig>) {
    this.#red = red;
    this.#node = node;
    this.#endpoint = compileEndpoint(defineEndpoint(config, cauceSettings(red).contracts.http));
    this.#server = apiServer(red);
    const dependencies = {
      services: apiServices(red),
      pool: () => this.#pool!.pool,
      redis: () => apiRedis(red),
      deliver: (exchange: Exchange) => this.#deliver(exchange),
      report: (error: unknown, requestId: string) => this.#report(error, requestId),
    };
    const serve = (incoming: Incoming) => runPipeline(this.#endpoint, dependencies, incoming);
    this.#server.add({ endpoint: this.#endpoint, serve });
    try {
      if (this.#endpoint.role !== 'public' || this.#endpoint.keepsAnswers) this.#pool = openApiPool(red);
    } catch (error) {
      this.#server.remove(this.#endpoint);
      throw error;
    }
    node.status({});
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#server.remove(this.#endpoint);
    for (const exchange of this.#open) {
      exchange.expectAnswerWithin(CLOSING_MS, () => {});
    }
    await this.#pool?.close();
  }

  #deliver(exchange: Exchange): void {
    if (this.#closed) {
      // A deploy overtook it on its way here: behind this node there is nobody any more.
      void exchange.fail(new Problem('unavailable', 'A deploy is under way.'));
      return;
    }
    this.#open.add(exchange);
    exchange.onceClosed(() => this.#open.delete(exchange));
    const { req, wrapped: res, request } = exchange;
    // Where the core nodes for HTTP look.
    Object.assign(req, { body: request.body, params: request.params });
    this.#node.send({ req, res, request, payload: this.#endpoint.toParameters(request) });
  }

  #report(error: unknown, requestId: string): void {
    const { method, path } = this.#endpoint;
    this.#red.log.error({ msg: `${method} ${path} failed`, request_id: requestId, err: error });
  }
}
