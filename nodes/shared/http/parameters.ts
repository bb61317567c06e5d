/**
 * `msg.payload` of `api in`: everything that a SQL statement may want, flat, as `:name`. Compiled once, at
 * deploy, from the contract: each property that it names is there, absent ones as null, so that a statement
 * never meets a parameter without a value. Scalars only: a driver would expand an object into SQL.
 */
import type { HttpContract, JsonSchema } from '../settings.ts';
import type { ApiRequest } from './request.ts';
import { toSqlTime } from './time.ts';

export type SqlValue = string | number | boolean | null;
export type ToParameters = (request: ApiRequest) => Record<string, SqlValue>;

interface Property {
  name: string;
  convert: (value: unknown) => SqlValue;
  /** Where null is a value of its own, `has_<name>` tells it from absence: PATCH sets it, or leaves it. */
  tellsPresence: boolean;
}

export function compileParameters(contract: HttpContract): ToParameters {
  const body = [...propertiesOf(contract.body), ...propertiesOf(contract.form)];
  const query = propertiesOf(contract.query).filter(({ name }) => !(contract.page && name === 'limit'));
  const path = propertiesOf(contract.params);
  return (request) => {
    const parameters: Record<string, SqlValue> = {};
    // The path comes last: a property of the body never takes the place of what the address names.
    copy(body, request.body, parameters);
    copy(query, request.query, parameters);
    copy(path, request.params, parameters);
    if (request.page) {
      // One more than asked: it tells whether there is a next page.
      parameters.limit = request.page.limit + 1;
      for (const [column, value] of Object.entries(request.page.after)) parameters[`after_${column}`] = value;
    }
    parameters.user_id = request.user?.id ?? null;
    parameters.user_client_id = request.user?.client_id ?? null;
    parameters.if_match = request.ifMatch;
    return parameters;
  };
}

function copy(properties: Property[], from: unknown, to: Record<string, SqlValue>): void {
  const source = typeof from === 'object' && from !== null ? (from as Record<string, unknown>) : {};
  for (const { name, convert, tellsPresence } of properties) {
    const present = Object.hasOwn(source, name);
    if (present) to[name] = convert(source[name]);
    else to[name] ??= null;
    if (tellsPresence) to[`has_${name}`] = present ? 1 : 0;
  }
}

function propertiesOf(schema: JsonSchema | undefined): Property[] {
  const properties = Object.entries((schema?.properties ?? {}) as Record<string, JsonSchema>);
  const required = new Set(schema?.required as string[] | undefined);
  return properties.map(([name, property]) => ({
    name,
    convert: property.format === 'date-time' ? (value) => toSqlTime(value) ?? null : toScalar,
    tellsPresence: !required.has(name) && [property.type].flat().includes('null'),
  }));
}

function toScalar(value: unknown): SqlValue {
  if (value === null || value === undefined) return null;
  return typeof value === 'object' ? JSON.stringify(value) : (value as SqlValue);
}
