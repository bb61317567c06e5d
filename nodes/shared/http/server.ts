/**
 * All endpoints of the runtime behind one handler on Node-RED's HTTP server. It owns `/api` whole: what no
 * endpoint answers there is a problem document, not Express's HTML.
 */
import { randomUUID } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import type { NextFunction, Request, Response } from 'express';
import { histogram } from '../metrics.ts';
import { Problem } from '../problem.ts';
import type { Red } from '../red.ts';
import type { Endpoint } from './endpoint.ts';
import { write } from './exchange.ts';
import { problemAnswer } from './problem-document.ts';
import { problemFrom } from './problem-from.ts';
import { splitTarget } from './query.ts';
import { type Match, type Route, Routes } from './routes.ts';

/** A request that has found its endpoint. */
export interface Incoming {
  req: Request;
  res: Response;
  /** `X-Request-Id`. */
  id: string;
  /** Path parameters, decoded, still texts. */
  params: Record<string, unknown>;
}

export interface Entry {
  endpoint: Endpoint;
  /** Takes a request to its flow. What it throws is answered here. */
  serve(incoming: Incoming): Promise<void>;
}

const REQUEST_ID = /^[A-Za-z0-9._~:/+=-]{1,128}$/;

const servers = new WeakMap<EventEmitter, ApiServer>();

/** The server of this runtime; the first call mounts it. */
export function apiServer(red: Red): ApiServer {
  let server = servers.get(red.events);
  if (!server) {
    server = new ApiServer(red);
    servers.set(red.events, server);
  }
  return server;
}

export class ApiServer {
  readonly #entries = new Map<string, Entry>();
  #routes = new Routes<Entry>();
  #deploying = true;
  readonly #log: Red['log'];
  readonly #durations = histogram(
    'cauce_http_request_duration_seconds',
    'From the request line to the end of the answer',
    [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    ['method', 'route', 'status'],
  );

  constructor(red: Red) {
    this.#log = red.log;
    // While nodes are exchanged the old routes stand, and answer 503: half a flow would lose the request.
    red.events.on('flows:stopping', () => {
      this.#deploying = true;
    });
    red.events.on('flows:started', () => {
      this.#routes = this.#build();
      this.#deploying = false;
    });
    red.httpNode.use((req, res, next) => this.handle(req, res, next));
  }

  /** What is deployed now, for its description. */
  get endpoints(): Endpoint[] {
    return [...this.#entries.values()].map(({ endpoint }) => endpoint);
  }

  /** @throws Error when another node answers this method and path already */
  add(entry: Entry): void {
    const { id, method, path } = entry.endpoint;
    const routes = this.#build();
    const taken = routes.add(method, path, entry);
    if (taken) throw new Error(`${method} ${path} is answered by the node ${taken.endpoint.id} already.`);
    this.#entries.set(id, entry);
    if (!this.#deploying) this.#routes = routes;
  }

  remove({ id }: Endpoint): void {
    this.#entries.delete(id);
    if (!this.#deploying) this.#routes = this.#build();
  }

  handle(req: Request, res: Response, next: NextFunction): void {
    const { path } = splitTarget(req.url);
    const match = this.#find(path);
    if (!match && path !== '/api' && !path.startsWith('/api/')) {
      next();
      return;
    }
    const id = requestIdOf(req);
    res.setHeader('x-request-id', id);
    res.setHeader('x-content-type-options', 'nosniff');
    res.removeHeader('x-powered-by');
    const measured = this.#measure(req, res);
    try {
      if (this.#deploying) throw new Problem('unavailable', 'A deploy is under way.');
      if (match instanceof Problem) throw match;
      if (!match) throw new Problem('not_found');
      const route = choose(req, res, match);
      if (!route) return;
      measured.route = route.target.endpoint.path;
      const params = Object.fromEntries(route.names.map((name, index) => [name, match.values[index]]));
      route.target.serve({ req, res, id, params }).catch((error) => this.#fail(res, id, error));
    } catch (error) {
      this.#fail(res, id, error);
    }
  }

  /** The problem of a path that cannot be read matters under `/api` only: elsewhere it is not ours to refuse. */
  #find(path: string): Match<Entry> | Problem | undefined {
    try {
      return this.#routes.find(path);
    } catch (error) {
      return path.startsWith('/api/') ? problemFrom(error) : undefined;
    }
  }

  #fail(res: Response, id: string, error: unknown): void {
    const problem = problemFrom(error);
    if (problem.code === 'internal') this.#report(error, id);
    write(res, problemAnswer(problem, id));
  }

  /** Counts the request when its answer is out, or its client gone. */
  #measure(req: Request, res: Response): { route: string } {
    const started = performance.now();
    // What a stranger may make up, paths and methods, must not become labels: each would be a time series.
    const found = { route: 'none' };
    res.once('close', () => {
      const { route } = found;
      const method = route === 'none' ? 'none' : req.method;
      const seconds = (performance.now() - started) / 1000;
      this.#durations.observe({ method, route, status: String(res.statusCode) }, seconds);
    });
    return found;
  }

  #report(error: unknown, id: string): void {
    this.#log.error({ msg: 'A request failed', request_id: id, err: error });
  }

  #build(): Routes<Entry> {
    const routes = new Routes<Entry>();
    for (const entry of this.#entries.values()) routes.add(entry.endpoint.method, entry.endpoint.path, entry);
    return routes;
  }
}

/** The client's own id where it is sane, so that its log and ours name the request alike. */
function requestIdOf(req: Request): string {
  const asked = req.headers['x-request-id'];
  return typeof asked === 'string' && REQUEST_ID.test(asked) ? asked : randomUUID();
}

/** HEAD is GET without its body, which Node leaves out by itself; OPTIONS tells what there is. */
function choose(req: Request, res: Response, { methods }: Match<Entry>): Route<Entry> | undefined {
  const route = methods.get(req.method === 'HEAD' ? 'GET' : req.method);
  if (route) return route;
  const allow = [...methods.keys(), ...(methods.has('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
  res.setHeader('allow', allow);
  if (req.method !== 'OPTIONS') throw new Problem('method_not_allowed');
  write(res, { status: 204, headers: {} });
  return undefined;
}
