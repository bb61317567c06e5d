/**
 * Whatever went wrong → the problem to answer. The one place that knows the errors of drivers and nodes;
 * what it does not know is our fault, says nothing to the client, and goes to the log.
 */
import { catalogue, type ProblemCode } from '../catalogue.ts';
import { Problem } from '../problem.ts';

interface ErrorLike {
  code?: unknown;
  message?: unknown;
  cause?: unknown;
  name?: unknown;
  source?: { type?: unknown };
}

const byDriverCode = new Map<string, ProblemCode>([
  ['ER_DUP_ENTRY', 'already_exists'],
  ['ER_ROW_IS_REFERENCED', 'in_use'],
  ['ER_ROW_IS_REFERENCED_2', 'in_use'],
  ['ER_NO_REFERENCED_ROW', 'unknown_reference'],
  ['ER_NO_REFERENCED_ROW_2', 'unknown_reference'],
]);

// The statement was sound, the server was not there, was leaving, or was too busy: try again.
const unavailable = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'ER_CON_COUNT_ERROR',
  'ER_SERVER_SHUTDOWN',
  'ER_NORMAL_SHUTDOWN',
  'ER_CONNECTION_KILLED',
  'ER_LOCK_DEADLOCK',
  'ER_LOCK_WAIT_TIMEOUT',
]);

// These carry no code: mysql2 on a connection or pool that has closed, node-red-node-mysql before it connects,
// ioredis while it is offline.
const unavailableTexts =
  /not connected|connection is in closed state|pool is closed|connection is closed|connection lost/i;

/** @param error anything thrown, or `msg.error` as a Catch node has it */
export function problemFrom(error: unknown): Problem {
  const problem = asProblem(error);
  if (problem) return problem;
  const { code, message } = (error ?? {}) as ErrorLike;
  const known = typeof code === 'string' ? byDriverCode.get(code) : undefined;
  if (known) return new Problem(known, undefined, { cause: error });
  if (typeof code === 'string' && unavailable.has(code)) {
    return new Problem('unavailable', undefined, { cause: error });
  }
  if (typeof message === 'string' && unavailableTexts.test(message)) {
    return new Problem('unavailable', undefined, { cause: error });
  }
  return new Problem('internal', undefined, { cause: error });
}

/**
 * The Problem itself; the one that rides as the cause of what a Catch node has (see `registerNode`); or, when
 * a message was rebuilt on its way and only the code is left, a new one of that code.
 */
function asProblem(error: unknown): Problem | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, name, message, cause } = error as ErrorLike;
  if (name === 'Problem') return error as Problem;
  if (cause && (cause as ErrorLike).name === 'Problem') return cause as Problem;
  if (typeof code !== 'string' || !Object.hasOwn(catalogue, code)) return undefined;
  const detail = typeof message === 'string' ? message.replace(/^\w*(Error|Problem): /, '') : undefined;
  return new Problem(code as ProblemCode, detail);
}
