/** An HTTP endpoint: registers itself, takes requests through the pipeline, and sends what passes. */
import {
  compileEndpoint,
  type Endpoint,
  type Limit,
  type Method,
  type Role,
} from '../shared/http/endpoint.ts';
import type { Exchange } from '../shared/http/exchange.ts';
import { runPipeline } from '../shared/http/pipeline.ts';
import { type ApiServer, apiServer, type Incoming } from '../shared/http/server.ts';
import { apiRedis, apiServices, openApiPool } from '../shared/http/services.ts';
import type { PoolHandle } from '../shared/mysql.ts';
import type { Controller, NodeContext } from '../shared/node.ts';
import type { Red, RedNode } from '../shared/red.ts';
import { type ContractChoice, chooseContract } from './contract.ts';

export interface ApiInConfig extends ContractChoice {
  method: Method;
  path: string;
  role: Role;
  limit: Limit;
  /** Seconds that the flow has for its answer. */
  timeout?: string | number;
}

const DEFAULT_TIMEOUT_S = 30;
/** Below the lease of an Idempotency-Key. */
const MAX_TIMEOUT_S = 110;
/** What the flow has left when its nodes are exchanged: the answer may be on its way, or lost with a node. */
const CLOSING_MS = 2_000;

export class ApiInController implements Controller {
  readonly #red: Red;
  readonly #node: RedNode;
  readonly #endpoint: Endpoint;
  readonly #server: ApiServer;
  readonly #pool: PoolHandle | undefined;
  readonly #open = new Set<Exchange>();

  /** @throws Error for what cannot be deployed: the node shows it */
  constructor({ red, node, config }: NodeContext<ApiInConfig>) {
    const { method, path, role, limit } = config;
    this.#red = red;
    this.#node = node;
    const timeout = timeoutOf(config.timeout);
    const contract = chooseContract(red, config, method);
    this.#endpoint = compileEndpoint({ id: node.id, method, path, role, limit, timeout, contract });
    if (limit === 'write' && role === 'public') throw new Error('Writes are limited by user: choose a role.');

    const services = apiServices(red);
    this.#server = apiServer(red);
    if (role !== 'public' || this.#endpoint.keepsAnswers) this.#pool = openApiPool(red);
    const dependencies = {
      services,
      pool: () => this.#pool!.pool,
      redis: () => apiRedis(red),
      deliver: (exchange: Exchange) => this.#deliver(exchange),
      report: (error: unknown, requestId: string) => this.#report(error, requestId),
    };
    const serve = (incoming: Incoming) => runPipeline(this.#endpoint, dependencies, incoming);
    try {
      this.#server.add({ endpoint: this.#endpoint, serve });
    } catch (error) {
      void this.#pool?.close();
      throw error;
    }
    node.status({});
  }

  async close(): Promise<void> {
    this.#server.remove(this.#node.id);
    for (const exchange of this.#open) {
      exchange.expectAnswerWithin(CLOSING_MS, () => {});
    }
    await this.#pool?.close();
  }

  #deliver(exchange: Exchange): void {
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

function timeoutOf(seconds: string | number | undefined): number {
  const value = Number(seconds === undefined || seconds === '' ? DEFAULT_TIMEOUT_S : seconds);
  if (!(value >= 1 && value <= MAX_TIMEOUT_S)) {
    throw new Error(`The time for an answer lies between 1 and ${MAX_TIMEOUT_S} seconds.`);
  }
  return value * 1000;
}
