/** Answers the request that a message came from: with its payload, or with the problem in `msg.error`. */
import { type AnswerKind, type AnswerOptions, answers } from '../shared/http/answers.ts';
import { type Exchange, exchangeOf } from '../shared/http/exchange.ts';
import { problemFrom } from '../shared/http/problem-from.ts';
import type { Controller } from '../shared/node.ts';
import type { Message, Red, RedNode } from '../shared/red.ts';

export interface ApiOutConfig {
  answer: AnswerKind;
  status?: string | number;
  /** Of a 201: `/api/vehicles/{id}`. */
  location?: string;
  contentType?: string;
}

const LOWEST_STATUS = 200;
const HIGHEST_STATUS = 599;

export class ApiOutController implements Controller {
  readonly #node: RedNode;
  readonly #config: ApiOutConfig;
  readonly #log: Red['log'];
  readonly #status: number;

  constructor(node: RedNode, config: ApiOutConfig, log: Red['log']) {
    if (!Object.hasOwn(answers, config.answer)) throw new Error(`There is no answer named ${config.answer}.`);
    this.#node = node;
    this.#config = config;
    this.#log = log;
    this.#status = statusOf(config.status) ?? (config.answer === 'empty' ? 204 : 200);
    node.status({});
  }

  async input(message: Message): Promise<undefined> {
    const exchange = exchangeOf(message);
    if (!exchange)
      throw new Error('This message did not come from an `api in` node: there is nobody to answer.');
    // Gone, or answered by the deadline: nobody is listening any more.
    if (exchange.answered) return;
    if (message.error) await this.#fail(exchange, message.error);
    else await this.#succeed(exchange, message);
  }

  async #succeed(exchange: Exchange, message: Message): Promise<void> {
    const { answer, location, contentType } = this.#config;
    const options: AnswerOptions = {
      status: statusOf(message.statusCode) ?? this.#status,
      ...(location && { location }),
      ...(contentType && { contentType }),
    };
    try {
      await exchange.answer(answers[answer](exchange, message.payload, options));
    } catch (error) {
      await this.#fail(exchange, error);
    }
  }

  async #fail(exchange: Exchange, error: unknown): Promise<void> {
    const problem = problemFrom(error);
    if (problem.code === 'internal') {
      const { method, path } = exchange.endpoint;
      const { source } = error as { source?: unknown };
      const msg = `${method} ${path} failed`;
      this.#log.error({
        msg,
        request_id: exchange.request.id,
        err: asError(error),
        source,
        node: this.#node.id,
      });
    }
    await exchange.fail(problem);
  }
}

function statusOf(value: unknown): number | undefined {
  const status = Number(value);
  const valid = Number.isInteger(status) && status >= LOWEST_STATUS && status <= HIGHEST_STATUS;
  return valid ? status : undefined;
}

/** `msg.error` is an object with the members of an error; a logger wants one. */
function asError(error: unknown): Error {
  if (error instanceof Error) return error;
  const { message, code, stack } = error as { message?: unknown; code?: unknown; stack?: unknown };
  return Object.assign(new Error(String(message)), { code, ...(typeof stack === 'string' && { stack }) });
}
