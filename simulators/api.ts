/** The little of the REST API that whoever owns a fleet needs: log in, create a vehicle, get a claim code. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface ApiLogin {
  email: string;
  password: string;
}

/** An answer that is not the wanted one, as RFC 9457 problem details. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;

  constructor(status: number, problem: { code?: string; title?: string; detail?: string }) {
    super(problem.detail ?? problem.title ?? `HTTP ${status}`);
    this.status = status;
    this.code = problem.code ?? '';
  }
}

const TIMEOUT_MS = 10_000;
const ATTEMPTS = 5;

export class Api {
  readonly #base: string;
  readonly #login: () => Promise<ApiLogin>;
  #token: Promise<string> | undefined;

  /** @param login asked for when the first request is made, and again when the token has expired */
  constructor(base: string, login: () => Promise<ApiLogin>) {
    this.#base = base.replace(/\/+$/, '');
    this.#login = login;
  }

  /** A claim code for the vehicle, which is created when it does not exist. */
  async claim(id: string): Promise<string> {
    try {
      return (await this.#post('/api/vehicles', { id })).claim_code;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 409) throw error;
      return (await this.#post(`/api/vehicles/${encodeURIComponent(id)}/claim`)).claim_code;
    }
  }

  /** The access token; one login serves all that ask meanwhile. */
  logIn(): Promise<string> {
    this.#token ??= this.#newToken().catch((error) => {
      this.#token = undefined;
      throw error;
    });
    return this.#token;
  }

  async #post(path: string, body?: unknown): Promise<{ claim_code: string }> {
    for (let attempt = 1; ; attempt++) {
      const headers = { authorization: `Bearer ${await this.logIn()}` };
      try {
        return (await this.#send(path, body, headers)) as { claim_code: string };
      } catch (error) {
        if (!(error instanceof ApiError) || attempt === ATTEMPTS) throw error;
        if (error.status === 401) this.#token = undefined;
        else if (error.status === 429 || error.status === 503) await sleep(1_000 * attempt);
        else throw error;
      }
    }
  }

  async #newToken(): Promise<string> {
    const answer = await this.#send('/api/auth/login', await this.#login(), {});
    return (answer as { access_token: string }).access_token;
  }

  async #send(path: string, body: unknown, headers: Record<string, string>): Promise<unknown> {
    const response = await fetch(this.#base + path, {
      method: 'POST',
      headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const answer: unknown = await response.json().catch(() => ({}));
    if (!response.ok) throw new ApiError(response.status, answer as object);
    return answer;
  }
}
