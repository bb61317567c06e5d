import assert from 'node:assert/strict';
import { compileParameters } from '../../../../../nodes/shared/http/parameters.ts';
import type { ApiRequest } from '../../../../../nodes/shared/http/request.ts';
import type { HttpContract } from '../../../../../nodes/shared/settings.ts';

const contract: HttpContract = {
  summary: '',
  tag: '',
  responses: {},
  params: { type: 'object', properties: { id: { type: 'integer' } } },
  query: {
    type: 'object',
    properties: {
      from: { type: 'string', format: 'date-time' },
      limit: { type: 'integer' },
      cursor: { type: 'string' },
    },
  },
  body: {
    type: 'object',
    required: ['name'],
    properties: {
      name: { type: 'string' },
      id: { type: 'integer' },
      note: { type: ['string', 'null'] },
      tags: { type: 'array' },
      extra: { type: 'object' },
    },
  },
  page: { ts: 'time', no: 'number' },
};

const request: ApiRequest = {
  id: 'r',
  session: null,
  user: { id: 3, email: 'a@example.com', role: 'viewer', client_id: 9 },
  params: { id: 7 },
  query: { from: '2026-11-20T10:00:00+01:00' },
  body: { name: 'x', id: 666, tags: ['a', 'b'], extra: { deep: { deeper: 1 } } },
  page: { limit: 50, after: { ts: '9999-12-31 23:59:59.999', no: 5 } },
  ifMatch: 4,
};

describe('the parameters for SQL', () => {
  const parameters = compileParameters(contract)(request);

  it('are scalars: objects and arrays are JSON text', () => {
    assert.equal(parameters.tags, '["a","b"]');
    assert.equal(parameters.extra, '{"deep":{"deeper":1}}');
    assert.ok(Object.values(parameters).every((value) => typeof value !== 'object' || value === null));
  });

  it('name every property of the contract, absent ones as null', () => {
    assert.equal(parameters.note, null);
    assert.equal(parameters.cursor, null);
  });

  it('tell absence from null where null is a value', () => {
    assert.equal(parameters.has_note, 0);
    const cleared = compileParameters(contract)({ ...request, body: { name: 'x', note: null } });
    assert.deepEqual([cleared.has_note, cleared.note], [1, null]);
    assert.ok(!('has_name' in parameters));
  });

  it('take the id from the address, whatever the body says', () => assert.equal(parameters.id, 7));

  it('write times as SQL in UTC', () => assert.equal(parameters.from, '2026-11-20 09:00:00.000'));

  it('ask for one row more than the page holds, after the cursor', () => {
    assert.equal(parameters.limit, 51);
    assert.equal(parameters.after_ts, '9999-12-31 23:59:59.999');
    assert.equal(parameters.after_no, 5);
  });

  it('say who asks, and which version is meant', () => {
    assert.deepEqual([parameters.user_id, parameters.user_client_id, parameters.if_match], [3, 9, 4]);
    const anonymous = compileParameters(contract)({ ...request, user: null, ifMatch: null });
    assert.deepEqual([anonymous.user_id, anonymous.user_client_id, anonymous.if_match], [null, null, null]);
  });

  it('hold nothing that the contract does not name', () => {
    const extra = compileParameters(contract)({ ...request, body: { name: 'x', hasOwnProperty: 1 } });
    assert.ok(!Object.hasOwn(extra, 'hasOwnProperty'));
  });
});
