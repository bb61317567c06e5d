/** JSON Schema (draft 2020-12) compiled by ajv, and its complaints as violations that a person can act on. */
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { Problem, type Violation } from '../problem.ts';
import type { JsonSchema } from '../settings.ts';
import { escapeToken } from './json.ts';

/** Throws when the value breaks the schema; fills defaults, and for texts converts types, in place. */
export type Check = (value: unknown) => void;

export interface CheckOptions {
  /** Values that came as text (path, query, form) become numbers and booleans where the schema says so. */
  coerce?: boolean;
  /** Where it stands, for the reader of a violation: `query`, `path`. Nothing for a body. */
  place?: string;
}

/** A client mends the first few; a thousand would only cost. */
const MAX_VIOLATIONS = 20;
const MAX_POINTER_LENGTH = 200;

const options = { strict: true, allErrors: true, allowUnionTypes: true, useDefaults: true } as const;
const values = formats.default(new Ajv2020(options));
const texts = formats.default(new Ajv2020({ ...options, coerceTypes: true }));

/** @throws Error for a schema that ajv does not take; the node that names it shows that */
export function compileCheck(schema: JsonSchema, { coerce = false, place }: CheckOptions = {}): Check {
  const ajv = coerce ? texts : values;
  const closed = closeObjects(schema);
  const validate: ValidateFunction = ajv.compile(closed);
  // The compiled function lives as long as its endpoint; ajv's cache would keep it over every deploy.
  ajv.removeSchema(closed);
  return (value) => {
    if (validate(value)) return;
    const errors = (validate.errors ?? []).slice(0, MAX_VIOLATIONS).map((error) => violation(error, place));
    throw new Problem('schema', undefined, { errors });
  };
}

/**
 * Objects that name their properties accept no others, unless their schema says so itself: a misspelt
 * property is an error, not a silence. Not inside `allOf`, whose parts each see the whole object.
 */
export function closeObjects(schema: JsonSchema): JsonSchema {
  const copy: JsonSchema = { ...schema };
  if (copy.properties) {
    const properties = Object.entries(copy.properties as Record<string, JsonSchema>);
    copy.properties = Object.fromEntries(properties.map(([name, value]) => [name, closeObjects(value)]));
    copy.additionalProperties ??= false;
  }
  if (copy.items && typeof copy.items === 'object') copy.items = closeObjects(copy.items as JsonSchema);
  for (const keyword of ['anyOf', 'oneOf'] as const) {
    if (copy[keyword]) copy[keyword] = (copy[keyword] as JsonSchema[]).map(closeObjects);
  }
  return copy;
}

function violation(error: ErrorObject, place: string | undefined): Violation {
  const { missingProperty, additionalProperty, allowedValues } = error.params as Record<string, unknown>;
  const named = missingProperty ?? additionalProperty;
  const token = named === undefined ? '' : `/${escapeToken(String(named))}`;
  let detail = error.message ?? 'is invalid';
  if (missingProperty !== undefined) detail = 'is missing';
  if (additionalProperty !== undefined) detail = 'is not a known property';
  if (Array.isArray(allowedValues)) detail = `must be one of: ${allowedValues.join(', ')}`;
  if (place) detail = `${detail} (${place})`;
  return { pointer: (error.instancePath + token).slice(0, MAX_POINTER_LENGTH), detail };
}
