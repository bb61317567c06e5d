/** Schemas that many contracts share. */
import { type TProperties, type TSchema, Type } from 'typebox';

const MAX_UNSIGNED_INT = 4_294_967_295;

/** The id of a user, client, sensor, measure, dog, topic or target. */
export const Id = Type.Integer({ minimum: 1, maximum: MAX_UNSIGNED_INT });

/** RFC 3339. Accepted with any offset, answered in UTC with milliseconds. */
export const DateTime = Type.String({ format: 'date-time', examples: ['2026-11-20T09:15:00.000Z'] });

export const Role = Type.Enum(['admin', 'operator', 'viewer'], { type: 'string' });

/** Anything that `schema`, which names one type, allows, or null. */
export function Nullable(schema: TSchema): TSchema {
  const { type, enum: values } = schema as { type?: string; enum?: unknown[] };
  if (typeof type !== 'string') throw new TypeError('Nullable needs a schema with one type.');
  return Type.Unsafe({ ...schema, type: [type, 'null'], ...(values && { enum: [...values, null] }) });
}

/** An object with these properties and no others. */
export function Closed<Properties extends TProperties>(properties: Properties) {
  return Type.Object(properties, { additionalProperties: false });
}

/** Some of these properties and no others: the body of a PATCH. */
export function Some<Properties extends TProperties>(properties: Properties) {
  return Type.Partial(Type.Object(properties), { additionalProperties: false });
}

/** The query of a keyset list: its own filters, `limit` and `cursor`. */
export function ListQuery(filters: TProperties = {}) {
  return Closed({
    ...filters,
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 200, default: 50, description: 'How many items at most' }),
    ),
    cursor: Type.Optional(
      Type.String({ maxLength: 512, description: '`next` of the page before; leave it out for the newest' }),
    ),
  });
}

/** A page of a keyset list. */
export function ListOf(item: TSchema) {
  return Closed({
    items: Type.Array(item),
    next: Nullable(Type.String({ description: 'Cursor of the next page; null at the end' })),
  });
}
