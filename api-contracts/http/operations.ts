/** How the system is doing. */
import { Type } from 'typebox';
import { Closed, DateTime, ListOf, ListQuery, Nullable } from '../common.ts';
import type { HttpContract } from '../contract.ts';

const tag = 'operations';

const Dependency = Closed({
  state: Type.Enum(['ok', 'failed'], { type: 'string' }),
  latency_ms: Nullable(Type.Number()),
  reason: Nullable(Type.String({ description: 'Why it failed' })),
});
const Readiness = Closed({
  ready: Type.Boolean(),
  dependencies: Closed({
    mysql: Dependency,
    redis: Dependency,
    mqtt: Dependency,
    flows: Dependency,
  }),
});

const Rejection = Closed({
  vehicle_id: Type.String({ description: 'As the topic or the request names it; empty where it names none' }),
  topic: Type.String(),
  code: Type.String(),
  count: Type.Integer({ minimum: 1 }),
  first_seen: DateTime,
  last_seen: DateTime,
  sample: Nullable(Type.String({ description: 'The beginning of the last one, without secrets' })),
});

export const operations = {
  'operations.alive': {
    tag,
    summary: 'Is the process alive?',
    responses: { 200: { description: 'It is', schema: Closed({ status: Type.Literal('ok') }) } },
  },
  'operations.ready': {
    tag,
    summary: 'Can it serve?',
    description: 'Asks each server that Cauce depends on.',
    responses: {
      200: { description: 'Every dependency answers', schema: Readiness },
      503: { description: 'One or more do not: which, and why', schema: Readiness },
    },
  },
  'operations.metrics': {
    tag,
    summary: 'Figures for Prometheus',
    responses: { 200: { description: 'Prometheus text format', schema: Type.String() } },
  },
  'operations.description': {
    tag,
    summary: 'This API as OpenAPI 3.1, as it is deployed',
    responses: {
      200: { description: 'An OpenAPI document', schema: Type.Object({}, { additionalProperties: true }) },
    },
  },
  'operations.docs': {
    tag,
    summary: 'This API as a page to read and try',
    responses: { 200: { description: 'HTML', schema: Type.String() } },
  },
  'operations.rejections': {
    tag,
    summary: 'List what was refused from vehicles, newest kind first',
    description:
      'Refused messages are counted by vehicle, topic and code. The order is that of `first_seen`, which does not change while one turns the pages.',
    query: ListQuery({
      vehicle_id: Type.Optional(Type.String({ maxLength: 64, description: 'Of this vehicle only' })),
    }),
    responses: { 200: { description: 'A page of refusals', schema: ListOf(Rejection) } },
    page: { no: 'number' },
  },
} as const satisfies Record<string, HttpContract>;
