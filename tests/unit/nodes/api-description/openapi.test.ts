import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { ApiDescriptionController } from '../../../../nodes/api-description/controller.ts';
import { compileEndpoint, type EndpointDefinition } from '../../../../nodes/shared/http/endpoint.ts';
import type { HttpContract } from '../../../../nodes/shared/settings.ts';
import { OPENAPI_FILE, renderOpenApi } from '../../../../tools/openapi.ts';

const contract: HttpContract = {
  summary: 'Change a thing',
  tag: 'things',
  params: { type: 'object', properties: { id: { type: 'integer', description: 'Its number' } } },
  body: { type: 'object', properties: { name: { type: 'string' } } },
  responses: {
    200: { description: 'The thing', schema: { type: 'object', properties: { id: { type: 'integer' } } } },
    409: { description: 'It is busy' },
  },
};
const definition: EndpointDefinition = {
  id: 'n',
  method: 'PATCH',
  path: '/api/things/:id',
  role: 'operator',
  limit: 'write',
  timeout: 1000,
  contract,
  contractName: 'things.edit',
};

function operationOf(changes: Partial<EndpointDefinition> = {}): any {
  const endpoint = compileEndpoint({ ...definition, ...changes });
  const { payload } = new ApiDescriptionController({}, () => [endpoint]).input({}) as { payload: any };
  return Object.values(payload.paths['/api/things/{id}'])[0];
}

describe('the description of the API', () => {
  it('says of an operation what its contract says', () => {
    const operation = operationOf();
    assert.deepEqual(
      [operation.operationId, operation.summary, operation.tags],
      ['things.edit', 'Change a thing', ['things']],
    );
    assert.deepEqual(operation.parameters[0], {
      name: 'id',
      in: 'path',
      required: true,
      description: 'Its number',
      schema: { type: 'integer' },
    });
    assert.equal(operation.requestBody.content['application/json'].schema.additionalProperties, false);
  });

  it('says which role it needs, or that it needs none', () => {
    assert.deepEqual(operationOf().security, [{ bearer: ['operator'] }]);
    assert.deepEqual(operationOf({ role: 'public', limit: 'none' }).security, []);
  });

  it('names every problem that the endpoint answers by itself', () => {
    const problems = (changes?: Partial<EndpointDefinition>) =>
      Object.keys(operationOf(changes).responses)
        .map(Number)
        .filter((status) => status >= 400);
    assert.deepEqual(problems(), [400, 401, 403, 404, 409, 412, 413, 415, 422, 429, 500, 503]);
    const { body, ...reading } = contract;
    const open = {
      method: 'GET',
      role: 'public',
      limit: 'none',
      contract: { ...reading, responses: {} },
    } as const;
    assert.deepEqual(problems(open), [404, 422, 500, 503]);
    assert.match(operationOf().responses[409].description, /^It is busy/);
  });

  it('names the headers that it honours', () => {
    const headers = (method: 'GET' | 'POST' | 'PATCH') =>
      operationOf({ method })
        .parameters.filter((p: any) => p.in === 'header')
        .map((p: any) => p.name);
    assert.deepEqual(headers('PATCH'), ['If-Match']);
    assert.deepEqual(headers('GET'), ['If-None-Match']);
    assert.deepEqual(headers('POST'), ['Idempotency-Key']);
  });

  it('is the same in the repository as the flows and contracts make it: run `node tools/openapi.ts` after a change', () => {
    assert.equal(readFileSync(OPENAPI_FILE, 'utf8'), renderOpenApi());
  });
});
