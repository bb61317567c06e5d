/** Requests to the API as tests want them: an answer of any status is an answer, JSON is parsed. */

export interface Answer<Body = any> {
  status: number;
  headers: Headers;
  /** Parsed where the media type is JSON, otherwise the text. */
  body: Body;
}

export interface RequestOptions {
  /** Access token. */
  token?: string;
  /** An object is sent as JSON; a string, bytes or URLSearchParams as they are. */
  body?: unknown;
  headers?: Record<string, string>;
  /** Milliseconds; default 10,000. */
  timeout?: number;
}

export type Api = (method: string, path: string, options?: RequestOptions) => Promise<Answer>;

export function apiOf(baseUrl: string): Api {
  return async (method, path, { token, body, headers, timeout = 10_000 } = {}) => {
    const raw = typeof body === 'string' || body instanceof Uint8Array || body instanceof URLSearchParams;
    const answer = await fetch(new URL(path, baseUrl), {
      method,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeout),
      headers: {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && !raw && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && {
        body: raw ? (body as NonNullable<RequestInit['body']>) : JSON.stringify(body),
      }),
    });
    const text = await answer.text();
    const json = /[/+]json\b/.test(answer.headers.get('content-type') ?? '');
    return { status: answer.status, headers: answer.headers, body: json && text ? JSON.parse(text) : text };
  };
}
