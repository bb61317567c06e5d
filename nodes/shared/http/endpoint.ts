/** An endpoint as it was drawn, and what is compiled from it at deploy so that a request costs little. */
import type { HttpContract, JsonSchema } from '../settings.ts';
import { compileParameters, type ToParameters } from './parameters.ts';
import { compileProjector, type Project } from './projector.ts';
import type { UserRole } from './request.ts';
import { parameterNames, parsePath } from './routes.ts';
import { type Check, compileCheck } from './schemas.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
export type Role = 'public' | UserRole;
export type Limit = 'none' | 'login' | 'write';

export interface EndpointDefinition {
  /** The node's id. */
  id: string;
  method: Method;
  path: string;
  role: Role;
  limit: Limit;
  /** Milliseconds that the flow has for its answer. */
  timeout: number;
  contract: HttpContract;
  /** Its name in the settings, where it has one. */
  contractName?: string;
}

export interface Endpoint extends EndpointDefinition {
  checkPath: Check;
  checkQuery: Check;
  checkBody: Check;
  /** undefined: forms are not accepted. */
  checkForm: Check | undefined;
  toParameters: ToParameters;
  /** By status. undefined where the contract names no schema for it. */
  projectors: ReadonlyMap<number, Project>;
  /** Whether answers are what the contract's schemas name. An endpoint without schemas answers as it likes. */
  projects: boolean;
  keepsAnswers: boolean;
}

const EMPTY: JsonSchema = { type: 'object', properties: {} };
const TEXT: JsonSchema = { type: 'string', minLength: 1, maxLength: 255 };

/** @throws TypeError for a bad path, Error for a schema that does not compile */
export function compileEndpoint(definition: EndpointDefinition): Endpoint {
  const names = parameterNames(parsePath(definition.path));
  const contract = withParameters(definition.contract, names);
  const schemas = Object.entries(contract.responses).flatMap(([status, { schema }]) =>
    schema ? [[Number(status), schema] as const] : [],
  );
  return {
    ...definition,
    contract,
    checkPath: compileCheck(contract.params ?? EMPTY, { coerce: true, place: 'path' }),
    checkQuery: compileCheck(contract.query ?? EMPTY, { coerce: true, place: 'query' }),
    checkBody: compileCheck(contract.body ?? EMPTY),
    checkForm: contract.form && compileCheck(contract.form, { coerce: true }),
    toParameters: compileParameters(contract),
    projectors: new Map(schemas.map(([status, schema]) => [status, compileProjector(schema)])),
    projects: schemas.length > 0,
    keepsAnswers: definition.method === 'POST' && contract.idempotent !== false,
  };
}

/** A contract need not name a path's parameters; then they are texts. It may not name others. */
function withParameters(contract: HttpContract, names: string[]): HttpContract {
  const named = (contract.params?.properties ?? {}) as Record<string, JsonSchema>;
  const unknown = Object.keys(named).filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`The contract's parameter ${unknown[0]} is not in the path.`);
  if (names.length === 0) return contract;
  const properties = Object.fromEntries(names.map((name) => [name, named[name] ?? TEXT]));
  return { ...contract, params: { type: 'object', required: names, properties } };
}

/** Roles are ranks: an administrator may do what an operator may, an operator what a viewer may. */
const rank: Record<Role, number> = { public: 0, viewer: 1, operator: 2, admin: 3 };

export function allows(required: Role, role: UserRole): boolean {
  return rank[role] >= rank[required];
}
