/**
 * What an `api in` node saves → the definition of an endpoint. Its contract is one of the settings, by name, or a
 * JSON Schema typed into the form.
 */
import type { HttpContract, JsonSchema } from '../settings.ts';
import type { EndpointDefinition, Limit, Method, Role } from './endpoint.ts';

/** As the form saves it. */
export interface ApiInConfig {
  id: string;
  name?: string;
  method: Method;
  path: string;
  role: Role;
  limit: Limit;
  /** Seconds that the flow has for its answer. */
  timeout?: string | number;
  /** Name of a contract of the settings. */
  contract?: string;
  /** JSON Schema text: of the body, or of the query of a GET and DELETE. Used when no contract is chosen. */
  schema?: string;
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
const ROLES = ['public', 'viewer', 'operator', 'admin'];
const LIMITS = ['none', 'login', 'write'];

const DEFAULT_TIMEOUT_S = 30;
/** Below the lease of an Idempotency-Key. */
const MAX_TIMEOUT_S = 110;

/** @throws Error for what cannot be deployed, SyntaxError for a schema that is not JSON */
export function defineEndpoint(
  config: ApiInConfig,
  contracts: Readonly<Record<string, HttpContract>>,
): EndpointDefinition {
  const { id, method, path, role, limit, contract: contractName } = config;
  if (!METHODS.includes(method)) throw new Error(`There is no method ${method}.`);
  // A role that is misspelt in a flow file must not open the endpoint.
  if (!ROLES.includes(role)) throw new Error(`There is no role ${role}.`);
  if (!LIMITS.includes(limit)) throw new Error(`There is no limit ${limit}.`);
  if (limit === 'write' && role === 'public') throw new Error('Writes are limited by user: choose a role.');
  const contract = contractName ? contracts[contractName] : inlineContract(config);
  if (!contract) throw new Error(`There is no contract named ${contractName}.`);
  const timeout = timeoutOf(config.timeout);
  return { id, method, path, role, limit, timeout, contract, ...(contractName && { contractName }) };
}

function inlineContract({ name, method, schema: text }: ApiInConfig): HttpContract {
  const schema = text?.trim() ? (JSON.parse(text) as JsonSchema) : undefined;
  const place = method === 'GET' || method === 'DELETE' ? 'query' : 'body';
  return {
    summary: name || 'An endpoint without a contract',
    tag: 'other',
    ...(schema && { [place]: schema }),
    responses: {},
  };
}

function timeoutOf(seconds: string | number | undefined): number {
  const value = Number(seconds === undefined || seconds === '' ? DEFAULT_TIMEOUT_S : seconds);
  if (!(value >= 1 && value <= MAX_TIMEOUT_S)) {
    throw new Error(`The time for an answer lies between 1 and ${MAX_TIMEOUT_S} seconds.`);
  }
  return value * 1000;
}
