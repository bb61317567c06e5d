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

interface Claim {
  claim_code: string;
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

  /**
   * A claim code for the vehicle, which is created when it does not exist.
   * @throws ApiError `revoked` for a vehicle that somebody has revoked: that is not undone from here
   */
  async claim(id: string): Promise<string> {
    const path = `/api/vehicles/${encodeURIComponent(id)}`;
    try {
      return (await this.#request<Claim>('POST', '/api/vehicles', { id })).claim_code;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 409) throw error;
    }
    const { state } = await this.#request<{ state: string }>('GET', path);
    if (state === 'revoked') throw new ApiError(409, { code: 'revoked', detail: `${id} was revoked.` });
    return (await this.#request<Claim>('POST', `${path}/claim`)).claim_code;
  }

  /** The access token; one login serves all that ask meanwhile. */
  logIn(): Promise<string> {
    this.#token ??= this.#newToken().catch((error) => {
      this.#token = undefined;
      throw error;
    });
    return this.#token;
  }

  async #request<T>(method: string, path: string, body?: unknown): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const headers = { authorization: `Bearer ${await this.logIn()}` };
      try {
        return (await this.#send(method, path, body, headers)) as T;
      } catch (error) {
        if (!(error instanceof ApiError) || attempt === ATTEMPTS) throw error;
        if (error.status === 401) this.#token = undefined;
        else if (error.status === 429 || error.status === 503) await sleep(1_000 * attempt);
        else throw error;
      }
    }
  }

  async #newToken(): Promise<string> {
    const answer = await this.#send('POST', '/api/auth/login', await this.#login(), {});
    return (answer as { access_token: string }).access_token;
  }

  async #send(
    method: string,
    path: string,
    body: unknown,
    headers: Record<string, string>,
  ): Promise<unknown> {
    const response = await fetch(this.#base + path, {
      method,
      headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch((error: Error & { cause?: Error }) => {
      throw new ApiError(503, { detail: `${this.#base}: ${error.cause?.message ?? error.message}` });
    });
    const answer: unknown = await response.json().catch(() => ({}));
    if (!response.ok) throw new ApiError(response.status, answer as object);
    return answer;
  }
}
