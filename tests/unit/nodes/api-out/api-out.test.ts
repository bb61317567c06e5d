import assert from 'node:assert/strict';
import { Problem } from '../../../../nodes/shared/problem.ts';
import type { HttpContract } from '../../../../nodes/shared/settings.ts';
import type { Api } from '../../../support/http.ts';
import { ApiRuntime } from '../api-runtime.ts';

const item = {
  type: 'object',
  properties: { id: { type: 'integer' }, name: { type: 'string' } },
};
const contract = (more: Partial<HttpContract>): HttpContract => ({
  summary: '',
  tag: '',
  idempotent: false,
  responses: {},
  ...more,
});

describe('api out', () => {
  let runtime: ApiRuntime;
  let api: Api;

  beforeEach(async () => {
    runtime = new ApiRuntime();
    runtime.contracts.get = contract({
      responses: { 200: { description: '', schema: item }, 201: { description: '', schema: item } },
    });
    runtime.contracts.list = contract({
      query: { type: 'object', properties: { limit: { type: 'integer' }, cursor: { type: 'string' } } },
      page: { id: 'number' },
      responses: {
        200: {
          description: '',
          schema: {
            type: 'object',
            required: ['items', 'next'],
            properties: { items: { type: 'array', items: item }, next: { type: ['string', 'null'] } },
          },
        },
      },
    });
    api = await runtime.start();
  });
  afterEach(() => runtime.stop());

  describe('answers one item', () => {
    let rows: object[];
    beforeEach(() => {
      rows = [{ id: 7, name: 'x', version: 3, secret: 's' }];
      runtime.endpoint({ method: 'GET', path: '/api/x', contract: 'get' }, (m) => ({ ...m, payload: rows }), {
        answer: 'item',
      });
      runtime.endpoint(
        { method: 'POST', path: '/api/x', contract: 'get' },
        (m) => ({ ...m, payload: rows }),
        {
          answer: 'item',
          status: 201,
          location: '/api/x/{id}/{name}',
        },
      );
    });

    it('of the first row, as far as the contract names it', async () => {
      const answer = await api('GET', '/api/x');
      assert.deepEqual([answer.status, answer.body], [200, { id: 7, name: 'x' }]);
    });

    it('and 404 when there is no row', async () => {
      rows = [];
      assert.deepEqual((await api('GET', '/api/x')).body.code, 'not_found');
    });

    it('with a tag, and 304 while that is current', async () => {
      const etag = (await api('GET', '/api/x')).headers.get('etag')!;
      assert.match(etag, /^"3-[\w-]+"$/);
      const again = await api('GET', '/api/x', { headers: { 'if-none-match': etag } });
      assert.deepEqual([again.status, again.body, again.headers.get('etag')], [304, '', etag]);
      rows = [{ id: 7, name: 'y', version: 3 }];
      assert.equal((await api('GET', '/api/x', { headers: { 'if-none-match': etag } })).status, 200);
    });

    it('unless If-Match names another version', async () => {
      assert.equal((await api('GET', '/api/x', { headers: { 'if-match': '"3-anything"' } })).status, 200);
      assert.equal((await api('GET', '/api/x', { headers: { 'if-match': '"2-anything"' } })).status, 412);
    });

    it('and where a new one is, its members escaped', async () => {
      rows = [{ id: 7, name: 'a/b c' }];
      const answer = await api('POST', '/api/x', { body: {} });
      assert.deepEqual([answer.status, answer.headers.get('location')], [201, '/api/x/7/a%2Fb%20c']);
    });
  });

  it('answers a page, and a cursor as long as there is more', async () => {
    const all = [5, 4, 3, 2, 1].map((id) => ({ id, name: `n${id}`, secret: 's' }));
    runtime.endpoint(
      { method: 'GET', path: '/api/list', contract: 'list' },
      (message) => {
        const { after_id, limit } = message.payload as { after_id: number; limit: number };
        return { ...message, payload: all.filter(({ id }) => id < after_id).slice(0, limit) };
      },
      { answer: 'list' },
    );
    const first = await api('GET', '/api/list?limit=2');
    assert.deepEqual(first.body.items, [
      { id: 5, name: 'n5' },
      { id: 4, name: 'n4' },
    ]);
    const second = await api('GET', `/api/list?limit=2&cursor=${first.body.next}`);
    assert.deepEqual(
      second.body.items.map(({ id }: { id: number }) => id),
      [3, 2],
    );
    const last = await api('GET', `/api/list?limit=2&cursor=${second.body.next}`);
    assert.deepEqual(last.body, { items: [{ id: 1, name: 'n1' }], next: null });
    assert.equal((await api('GET', '/api/list?limit=5')).body.next, null);
    assert.equal((await api('GET', '/api/list?cursor=nonsense')).status, 422);
  });

  it('answers text of any media type, and nothing but a status', async () => {
    const text = { answer: 'text', contentType: 'text/plain; version=0.0.4' } as const;
    runtime.endpoint({ method: 'GET', path: '/metrics' }, (m) => ({ ...m, payload: 'up 1\n' }), text);
    const metrics = await api('GET', '/metrics');
    assert.deepEqual(
      [metrics.body, metrics.headers.get('content-type')],
      ['up 1\n', 'text/plain; version=0.0.4'],
    );
    runtime.endpoint({ method: 'DELETE', path: '/api/x' }, (m) => m, { answer: 'empty' });
    const empty = await api('DELETE', '/api/x');
    assert.deepEqual([empty.status, empty.body], [204, '']);
  });

  it('takes the status of the message when it names one', async () => {
    runtime.endpoint({ method: 'GET', path: '/api/x' }, (m) => ({ ...m, statusCode: 202, payload: {} }));
    assert.equal((await api('GET', '/api/x')).status, 202);
  });

  describe('tells what went wrong', () => {
    const failing = (error: unknown) =>
      runtime.endpoint({ method: 'GET', path: '/api/x' }, (message) => ({ ...message, error }));

    it('with everything that the problem carries', async () => {
      const problem = new Problem('conflict', 'Not now.', {
        extensions: { reason: 'dns' },
        retryAfter: 7,
        errors: [{ pointer: '/a', detail: 'b' }],
      });
      failing({ message: 'Problem: Not now.', code: 'conflict', cause: problem, source: { type: 'x' } });
      const { status, headers, body } = await api('GET', '/api/x');
      assert.deepEqual([status, headers.get('retry-after')], [409, '7']);
      assert.deepEqual(
        [body.detail, body.reason, body.errors],
        ['Not now.', 'dns', [{ pointer: '/a', detail: 'b' }]],
      );
    });

    it('but nothing of what is inside, which goes to the log under the id of the request', async () => {
      failing({
        message: "Error: near 'SELECT password_hash'",
        code: 'ER_PARSE_ERROR',
        stack: 'at secret.ts:1',
        source: { type: 'mysql' },
      });
      const answer = await api('GET', '/api/x');
      assert.deepEqual([answer.status, answer.body.code], [500, 'internal']);
      assert.doesNotMatch(JSON.stringify(answer.body), /SELECT|secret|ER_/);
      const [entry] = runtime.logged as [{ request_id: string; err: Error }];
      assert.equal(entry.request_id, answer.body.request_id);
      assert.match(entry.err.message, /SELECT/);
    });

    it('also when the payload is not what the answer needs', async () => {
      runtime.endpoint(
        { method: 'GET', path: '/api/x', contract: 'list' },
        (m) => ({ ...m, payload: 'no rows' }),
        { answer: 'list' },
      );
      assert.equal((await api('GET', '/api/x')).status, 500);
      assert.equal(runtime.logged.length, 1);
    });
  });

  it('refuses a message that began nowhere', async () => {
    await assert.rejects(runtime.out().input({ payload: 1 }), /did not come from an `api in`/);
  });

  it('refuses an answer that does not exist', () => {
    assert.throws(() => runtime.out({ answer: 'toString' as never }), /no answer named/);
  });
});
