/**
 * Rows of a database → what a response schema names. Compiled once, at deploy: only named properties leave,
 * so a column that is added to a table or a `SELECT *` never leaks.
 */
import type { JsonSchema } from '../settings.ts';
import { toIso } from './time.ts';

export type Project = (value: unknown) => unknown;

const asIs: Project = (value) => value;

/** @throws Error for a schema whose shape cannot be chosen without looking at the value */
export function compileProjector(schema: JsonSchema): Project {
  const variants = (schema.anyOf ?? schema.oneOf) as JsonSchema[] | undefined;
  if (variants) return chooseVariant(variants);
  if (schema.allOf) return compileProjector(merge(schema));
  const types = [schema.type].flat().filter((type) => type !== 'null');
  if (types.length !== 1) return asIs;
  switch (types[0]) {
    case 'object':
      return compileObject(schema);
    case 'array':
      return compileArray(schema);
    case 'boolean':
      return toBoolean;
    case 'integer':
    case 'number':
      return toNumber;
    case 'string':
      return schema.format === 'date-time' ? (value) => toIso(value) ?? null : toText;
    default:
      return asIs;
  }
}

function chooseVariant(variants: JsonSchema[]): Project {
  const shaped = variants.filter((variant) => variant.type !== 'null' && !('const' in variant));
  if (shaped.length === 0) return asIs;
  if (shaped.length === 1) return compileProjector(shaped[0]!);
  if (shaped.some((variant) => variant.type === 'object' || variant.allOf || variant.$ref)) {
    throw new Error('A response schema may not leave open which of several objects it is.');
  }
  return asIs;
}

function merge(schema: JsonSchema): JsonSchema {
  const parts = schema.allOf as JsonSchema[];
  const properties = Object.assign({}, ...parts.map((part) => part.properties), schema.properties);
  const required = [schema, ...parts].flatMap((part) => (part.required as string[] | undefined) ?? []);
  return { type: 'object', properties, required };
}

function compileObject(schema: JsonSchema): Project {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>);
  const required = new Set(schema.required as string[] | undefined);
  const members = properties.map(([name, member]) => ({
    name,
    project: compileProjector(member),
    // A column that is NULL is left out where the schema does not allow null: an optional property.
    keepNull: required.has(name) || allowsNull(member),
  }));
  // A map: an object of any properties. One that names some carries no others, whatever else it allows.
  const open = properties.length === 0 && schema.additionalProperties !== false;
  return (value) => {
    const object = fromText(value);
    if (typeof object !== 'object' || object === null || open) return object ?? null;
    const answer: Record<string, unknown> = {};
    for (const { name, project, keepNull } of members) {
      const member = (object as Record<string, unknown>)[name];
      if (member !== null && member !== undefined) answer[name] = project(member);
      else if (keepNull) answer[name] = null;
    }
    return answer;
  };
}

function compileArray(schema: JsonSchema): Project {
  const project = schema.items ? compileProjector(schema.items as JsonSchema) : asIs;
  return (value) => {
    const array = fromText(value);
    return Array.isArray(array) ? array.map(project) : array;
  };
}

function allowsNull(schema: JsonSchema): boolean {
  const variants = (schema.anyOf ?? schema.oneOf) as JsonSchema[] | undefined;
  return [schema.type].flat().includes('null') || (variants?.some(allowsNull) ?? false);
}

/** TEXT that holds JSON, and JSON columns of servers whose driver leaves them as text. */
function fromText(value: unknown): unknown {
  return typeof value === 'string' ? JSON.parse(value) : value;
}

function toBoolean(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return value.some((byte) => byte !== 0);
  return typeof value === 'number' || typeof value === 'string' ? Number(value) !== 0 : value;
}

/** DECIMAL and large BIGINT arrive as text. */
function toNumber(value: unknown): unknown {
  return typeof value === 'string' || typeof value === 'bigint' ? Number(value) : value;
}

function toText(value: unknown): unknown {
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : value;
}
