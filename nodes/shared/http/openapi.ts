/**
 * OpenAPI 3.1 of the endpoints that are deployed: what a contract says, and what every endpoint does without
 * saying so (the problems, the headers). Nothing here is written by hand for one endpoint.
 */
import { catalogue } from '../catalogue.ts';
import type { HttpContract, JsonSchema } from '../settings.ts';
import type { Endpoint } from './endpoint.ts';
import { problemStatuses } from './openapi-problems.ts';
import { closeObjects } from './schemas.ts';

export interface DescriptionInfo {
  title: string;
  version: string;
  description?: string;
}

type Json = Record<string, unknown>;

const JSON_MEDIA = 'application/json';
const FORM_MEDIA = 'application/x-www-form-urlencoded';
const PROBLEM_MEDIA = 'application/problem+json';

export function describeApi(info: DescriptionInfo, endpoints: readonly Endpoint[]): Json {
  const paths: Record<string, Json> = {};
  const sorted = [...endpoints].sort((a, b) => compare(keyOf(a), keyOf(b)));
  for (const endpoint of sorted) {
    const path = endpoint.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [endpoint.method.toLowerCase()]: operationOf(endpoint) };
  }
  return {
    openapi: '3.1.1',
    info,
    // Relative to where the document was read.
    servers: [{ url: '/' }],
    tags: [...new Set(sorted.map(({ contract }) => contract.tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      schemas: { Problem: problemSchema },
      headers,
    },
  };
}

function operationOf(endpoint: Endpoint): Json {
  const { method, path, contract, role } = endpoint;
  const { summary, description, tag } = contract;
  return {
    tags: [tag],
    operationId: endpoint.contractName ?? `${method} ${path}`,
    summary,
    ...(description && { description }),
    // The names of the roles, as section 4.8.30 of OpenAPI 3.1 allows for schemes without scopes.
    security: role === 'public' ? [] : [{ bearer: [role] }],
    parameters: [
      ...parametersOf('path', contract.params),
      ...parametersOf('query', contract.query),
      ...headerParameters(endpoint),
    ],
    ...(contract.body && { requestBody: requestBodyOf(contract) }),
    responses: responsesOf(endpoint),
  };
}

function parametersOf(place: 'path' | 'query', schema: JsonSchema | undefined): Json[] {
  const required = new Set(schema?.required as string[] | undefined);
  return Object.entries((schema?.properties ?? {}) as Record<string, JsonSchema>).map(([name, property]) => {
    const { description, ...rest } = property;
    return {
      name,
      in: place,
      required: place === 'path' || required.has(name),
      ...(description !== undefined && { description }),
      schema: rest,
    };
  });
}

function headerParameters(endpoint: Endpoint): Json[] {
  const parameters: Json[] = [];
  const add = (name: string, description: string) =>
    parameters.push({ name, in: 'header', required: false, description, schema: { type: 'string' } });
  if (endpoint.keepsAnswers) {
    add(
      'Idempotency-Key',
      'Sent again with the same body, the request is answered as the first time, and happens once',
    );
  }
  if (readsOne(endpoint)) add('If-None-Match', 'An ETag: answers 304 while it is current');
  if (changesOne(endpoint)) add('If-Match', 'An ETag: answers 412 when it is no longer current');
  return parameters;
}

function requestBodyOf({ body, form }: HttpContract): Json {
  const content = {
    [JSON_MEDIA]: { schema: closeObjects(body!) },
    ...(form && { [FORM_MEDIA]: { schema: closeObjects(form) } }),
  };
  return { required: true, content };
}

function responsesOf(endpoint: Endpoint): Json {
  const { contract } = endpoint;
  const responses: Json = {};
  const successes = Object.entries(contract.responses).filter(([status]) => Number(status) < 400);
  for (const [status, { description, schema }] of successes) {
    const names = [
      'X-Request-Id',
      ...(tagged(endpoint, status) ? ['ETag'] : []),
      ...(status === '201' ? ['Location'] : []),
    ];
    responses[status] = {
      description,
      headers: referTo(names),
      ...(schema && { content: { [JSON_MEDIA]: { schema: closeObjects(schema) } } }),
    };
  }
  if (successes.length === 0) responses['200'] = { description: 'Success' };
  if (readsOne(endpoint))
    responses['304'] = { description: 'Not modified', headers: referTo(['X-Request-Id', 'ETag']) };
  for (const [status, codes] of problemStatuses(endpoint, changesOne(endpoint))) {
    const own = contract.responses[status]?.description;
    const usual = codes.map((code) => `\`${code}\`: ${catalogue[code].detail}`);
    responses[status] = {
      description: [...(own ? [own] : []), ...usual].join('\n\n'),
      headers: referTo(['X-Request-Id', ...(status === 429 || status === 503 ? ['Retry-After'] : [])]),
      content: { [PROBLEM_MEDIA]: { schema: { $ref: '#/components/schemas/Problem' } } },
    };
  }
  return responses;
}

function readsOne({ method, contract }: Endpoint): boolean {
  return method === 'GET' && !contract.page && contract.responses[200]?.schema !== undefined;
}

function changesOne({ method, contract }: Endpoint): boolean {
  return method !== 'GET' && method !== 'POST' && contract.params !== undefined;
}

function tagged(endpoint: Endpoint, status: string): boolean {
  return readsOne(endpoint) || changesOne(endpoint) || status === '201';
}

function referTo(names: string[]): Json {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

/** A path's operations stay together, in the order of their methods. */
function keyOf({ path, method }: Endpoint): string {
  return `${path} ${['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].indexOf(method)}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const headers: Json = {
  'X-Request-Id': {
    description: 'Names the request in the log; a sane one of the client is kept',
    schema: { type: 'string' },
  },
  ETag: { description: 'Version and hash of the resource', schema: { type: 'string' } },
  Location: { description: 'Where the new resource is', schema: { type: 'string', format: 'uri-reference' } },
  'Retry-After': { description: 'Seconds', schema: { type: 'integer', minimum: 0 } },
};

/** RFC 9457. */
const problemSchema: JsonSchema = {
  type: 'object',
  description: 'Problem details (RFC 9457): every answer from 400 up',
  required: ['type', 'title', 'status', 'detail', 'code', 'request_id'],
  properties: {
    type: { type: 'string', format: 'uri-reference', description: 'Names the kind of problem' },
    title: { type: 'string' },
    status: { type: 'integer', minimum: 400, maximum: 599 },
    detail: { type: 'string' },
    code: { type: 'string', pattern: '^[a-z][a-z0-9_]*$', description: 'Stable: branch on this' },
    request_id: { type: 'string', description: 'Finds the request in the log' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'detail'],
        properties: {
          pointer: { type: 'string', description: 'JSON Pointer (RFC 6901) to what is wrong' },
          detail: { type: 'string' },
        },
        additionalProperties: false,
      },
    },
  },
};
