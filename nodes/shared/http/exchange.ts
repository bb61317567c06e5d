/**
 * One request and its one answer. Flows carry `msg.res` along, and from it `api out` finds the exchange; the
 * first answer counts, later ones are ignored, as they are when the client has gone.
 */
import type { ServerResponse } from 'node:http';
import type { Request, Response } from 'express';
import { Problem } from '../problem.ts';
import type { Message } from '../red.ts';
import type { Endpoint } from './endpoint.ts';
import { problemAnswer } from './problem-document.ts';
import type { ApiRequest } from './request.ts';

export interface Answer {
  status: number;
  /** Lower-case names. */
  headers: Record<string, string>;
  body?: string | Buffer;
}

/** Does something with the answer before it leaves, e.g. keeps it. */
export type BeforeAnswer = (answer: Answer) => Promise<void>;

const exchanges = new WeakMap<ServerResponse, Exchange>();

/** The exchange that a message belongs to; undefined when it did not begin at an `api in`. */
export function exchangeOf(message: Message): Exchange | undefined {
  const response = (message.res as { _res?: ServerResponse } | undefined)?._res;
  return response && exchanges.get(response);
}

export class Exchange {
  readonly req: Request;
  readonly endpoint: Endpoint;
  readonly request: ApiRequest;
  readonly #res: Response;
  #answered = false;
  #deadline: NodeJS.Timeout | undefined;
  #before: BeforeAnswer | undefined;

  constructor(req: Request, res: Response, endpoint: Endpoint, request: ApiRequest) {
    this.req = req;
    this.#res = res;
    this.endpoint = endpoint;
    this.request = request;
    exchanges.set(res, this);
  }

  /** `msg.res`, as the core `http response` node expects it. */
  get wrapped(): { _res: Response } {
    return { _res: this.#res };
  }

  get answered(): boolean {
    return this.#answered || this.#res.headersSent;
  }

  /** When the answer is out, or the client is gone. */
  onceClosed(listener: () => void): void {
    this.#res.once('close', listener);
  }

  beforeAnswer(before: BeforeAnswer): void {
    this.#before = before;
  }

  /**
   * Answers 503 `no_answer` unless somebody else answers first. A second call takes the place of the first.
   *
   * @param onLate told when that happened
   */
  expectAnswerWithin(milliseconds: number, onLate: () => void): void {
    clearTimeout(this.#deadline);
    if (this.answered) return;
    this.#deadline = setTimeout(() => {
      onLate();
      this.fail(new Problem('no_answer'));
    }, milliseconds);
    // Also when the core `http response` node answers.
    this.#res.once('close', () => clearTimeout(this.#deadline));
  }

  fail(problem: Problem): Promise<void> {
    return this.answer(problemAnswer(problem, this.request.id));
  }

  /** Sends the answer, once. Resolves when it was handed to the connection. */
  async answer(answer: Answer): Promise<void> {
    if (this.answered) return;
    this.#answered = true;
    clearTimeout(this.#deadline);
    await this.#before?.(answer);
    write(this.#res, answer);
  }
}

/** Writes an answer as it is: no content negotiation, no JSONP, no second ETag. */
export function write(res: ServerResponse, { status, headers, body }: Answer): void {
  if (res.headersSent || res.destroyed) return;
  res.statusCode = status;
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  if (status === 204 || status === 304) {
    res.end();
    return;
  }
  res.setHeader('content-length', body === undefined ? 0 : Buffer.byteLength(body));
  // Text leaves in one write with the headers, bytes would take a second one.
  res.end(body);
}
