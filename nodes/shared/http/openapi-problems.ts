/** The problems that an endpoint answers by being what it is, by status. */
import { catalogue, type ProblemCode } from '../catalogue.ts';
import type { Endpoint } from './endpoint.ts';

/** @param changesOne whether `If-Match` means something to it */
export function problemStatuses(endpoint: Endpoint, changesOne: boolean): [number, ProblemCode[]][] {
  const { contract, method, role, limit, keepsAnswers } = endpoint;
  const takesBody = method !== 'GET' && method !== 'DELETE';
  const codes: ProblemCode[] = [
    ...when(takesBody, 'bad_request', 'invalid_json', 'payload_too_large', 'unsupported_media_type'),
    ...when(role !== 'public', 'unauthenticated', 'invalid_token'),
    ...when(role === 'operator' || role === 'admin', 'forbidden'),
    ...when(contract.params !== undefined, 'not_found'),
    ...when(keepsAnswers, 'idempotency_in_progress', 'idempotency_mismatch'),
    ...when(changesOne, 'precondition_failed'),
    ...when(takesBody || contract.params !== undefined || contract.query !== undefined, 'schema'),
    ...when(limit !== 'none', 'too_many_requests'),
    'internal',
    'unavailable',
    'no_answer',
  ];
  const byStatus = new Map<number, ProblemCode[]>();
  // What the contract itself names comes first; it has a text of its own.
  for (const status of Object.keys(contract.responses).map(Number)) {
    if (status >= 400) byStatus.set(status, []);
  }
  for (const code of codes) {
    const { status } = catalogue[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return [...byStatus].sort(([a], [b]) => a - b);
}

function when(applies: boolean, ...codes: ProblemCode[]): ProblemCode[] {
  return applies ? codes : [];
}
