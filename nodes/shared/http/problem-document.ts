/** A problem as an answer: `application/problem+json` (RFC 9457). */
import type { Problem } from '../problem.ts';
import type { Answer } from './exchange.ts';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json; charset=utf-8';

export function problemAnswer(problem: Problem, requestId: string): Answer {
  const { code, title, status, message: detail, errors, retryAfter, extensions } = problem;
  const document = {
    ...extensions,
    type: `urn:problem-type:cauce:${code}`,
    title,
    status,
    detail,
    code,
    request_id: requestId,
    ...(errors && { errors }),
  };
  const headers: Record<string, string> = { 'content-type': PROBLEM_MEDIA_TYPE, 'cache-control': 'no-store' };
  if (retryAfter !== undefined) headers['retry-after'] = String(Math.ceil(retryAfter));
  // RFC 9110 section 15.5.2: a 401 names the scheme that would be accepted.
  if (status === 401) {
    headers['www-authenticate'] =
      `Bearer realm="cauce"${code === 'invalid_token' ? ', error="invalid_token"' : ''}`;
  }
  return { status, headers, body: JSON.stringify(document) };
}
