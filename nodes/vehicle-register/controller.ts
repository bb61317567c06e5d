/**
 * Registration over MQTT. For each request, in this order: the claim is used up and the password sealed in
 * MySQL, the broker gets the account, the vehicle gets its answer, and only then the batch goes on to be
 * settled. After a crash between any two of these the broker delivers the request again, and the same request
 * gets the same answer.
 *
 * Codes and passwords stay inside: what leaves on the wires names vehicles and reasons only.
 */
import type { Pool } from 'mysql2/promise';
import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';
import { catalogue, type ProblemCode } from '../shared/catalogue.ts';
import { problemFrom } from '../shared/http/problem-from.ts';
import { type Batch, batchOf, type Item, isDeviceId, type Refused } from '../shared/ingest/batch.ts';
import type { Retry } from '../shared/ingest/retry.ts';
import { holding } from '../shared/ingest/settlement.ts';
import type { Controller } from '../shared/node.ts';
import { Problem } from '../shared/problem.ts';
import type { Message, Outgoing } from '../shared/red.ts';
import { type ClaimRequest, type Decision, decideClaim, type Refusal } from './claims.ts';

/** The part of `mqtt accounts` that is used here. */
export interface Accounts extends Controller {
  pool: Pool;
  secretsKey: Buffer;
  sync(vehicleIds: string[]): Promise<void>;
  publish(topic: string, payload: unknown): Promise<void>;
}

export interface VehicleRegisterOptions {
  accounts: () => Accounts;
  /** Wrong codes a vehicle and minute before its requests are refused unread. */
  attemptsPerMinute: number;
  retry: Retry;
  onStatus: (text: string) => void;
  onError: (error: unknown) => void;
}

interface Answer {
  clientId: string;
  payload: Record<string, unknown>;
}

export class VehicleRegister implements Controller {
  readonly #options: VehicleRegisterOptions;
  readonly #wrongCodes: RateLimiterMemory;
  #registered = 0;
  #working: Promise<unknown> = Promise.resolve();

  constructor(options: VehicleRegisterOptions) {
    this.#options = options;
    this.#wrongCodes = new RateLimiterMemory({ points: options.attemptsPerMinute, duration: 60 });
  }

  /** First output: the batch, its items done and the refused listed. Second: one message a new vehicle. */
  input(message: Message): Promise<Outgoing> {
    const batch = batchOf(message);
    const result = holding(batch.token, async () => {
      const { refused, registered } = await this.#handle(batch);
      const rest: Batch = { token: batch.token, items: [], refused };
      return [
        { ...message, batch: rest },
        registered.map((id) => ({ topic: 'registered', payload: { id } })),
      ];
    });
    this.#working = result.catch(() => {});
    return result;
  }

  async close(): Promise<void> {
    this.#options.retry.close();
    await this.#working;
  }

  async #handle({ items, refused: malformed }: Batch): Promise<{ refused: Refused[]; registered: string[] }> {
    const accounts = this.#options.accounts();
    const answers: Answer[] = [];
    const refused: Refused[] = [];
    for (const message of malformed) {
      const { ids, answer } = readMalformed(message);
      refused.push({ ...message, sample: JSON.stringify(ids) });
      if (answer) answers.push(answer);
    }

    const decided: Array<{ item: Item; request: ClaimRequest; decision: Decision }> = [];
    for (const item of items) {
      const request = item.value as unknown as ClaimRequest;
      decided.push({ item, request, decision: await this.#decide(accounts, request) });
    }
    const accepted = decided.filter(({ decision }) => !('refused' in decision));
    const ids = [...new Set(accepted.map(({ request }) => request.vehicle_id))];
    const failure = ids.length > 0 ? await this.#persist(() => accounts.sync(ids)) : undefined;
    if (failure) {
      // The rows are written: when the vehicle asks again, it gets its account.
      for (const entry of accepted) entry.decision = { refused: failure.code, known: true };
    }

    const registered: string[] = [];
    for (const { item, request, decision } of decided) {
      answers.push({ clientId: request.client_id, payload: answerTo(request, decision) });
      if ('refused' in decision) refused.push(ledgerEntry(item, request, decision));
      else if (decision.first) registered.push(request.vehicle_id);
    }
    for (const { clientId, payload } of answers) {
      await this.#persist(() => accounts.publish(`provision/response/${clientId}`, payload));
    }
    this.#registered += registered.length;
    this.#options.onStatus(`${this.#registered} registered`);
    return { refused, registered };
  }

  async #decide(accounts: Accounts, request: ClaimRequest): Promise<Decision> {
    const vehicle = request.vehicle_id;
    const used = await this.#wrongCodes.get(vehicle);
    if (used && used.remainingPoints <= 0) return { refused: 'too_many_requests', known: false };
    const decision = await this.#persist(() => decideClaim(accounts.pool, accounts.secretsKey, request));
    if (decision instanceof Problem) return { refused: decision.code, known: false };
    if ('refused' in decision && decision.refused === 'invalid_claim') await this.#countWrongCode(vehicle);
    return decision;
  }

  /** Waits for servers that are away. What fails for another reason would fail again: that comes back. */
  #persist<T>(work: () => Promise<T>): Promise<T | Problem> {
    return this.#options.retry.until(async () => {
      try {
        return await work();
      } catch (error) {
        const problem = problemFrom(error);
        if (problem.code === 'unavailable') throw error;
        this.#options.onError(error);
        return problem;
      }
    });
  }

  async #countWrongCode(vehicle: string): Promise<void> {
    // It rejects when the limit is passed, which the next request finds out.
    await this.#wrongCodes.consume(vehicle).catch((_: RateLimiterRes) => {});
  }
}

function answerTo({ request_id }: ClaimRequest, decision: Decision): Record<string, unknown> {
  if ('refused' in decision)
    return rejection(request_id, decision.refused, catalogue[decision.refused].detail);
  const { username, password } = decision;
  return { request_id, status: 'registered', username, password };
}

const rejection = (request_id: string, code: ProblemCode | string, detail: string) => ({
  request_id,
  status: 'rejected',
  code,
  detail,
});

function ledgerEntry(item: Item, request: ClaimRequest, { refused, known }: Refusal): Refused {
  const { request_id, client_id, vehicle_id } = request;
  return {
    topic: item.topic,
    // One line for all vehicles that do not exist: whoever knows the password of `provision` could name
    // any number of them.
    params: known ? { vehicle_id } : {},
    code: refused,
    detail: catalogue[refused].detail,
    sample: JSON.stringify({ request_id, client_id, vehicle_id }),
  };
}

/** What of a malformed request can be repeated without repeating its code, and the answer if it names who asks. */
function readMalformed({ sample, code, detail }: Refused): { ids: Record<string, string>; answer?: Answer } {
  let value: unknown;
  try {
    value = JSON.parse(sample);
  } catch {
    return { ids: {} };
  }
  const given = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const ids: Record<string, string> = {};
  for (const name of ['request_id', 'client_id', 'vehicle_id']) {
    const id = given[name];
    if (typeof id === 'string' && isDeviceId(id)) ids[name] = id;
  }
  const { request_id, client_id } = ids;
  if (!request_id || !client_id) return { ids };
  return { ids, answer: { clientId: client_id, payload: rejection(request_id, code, detail) } };
}
