import assert from 'node:assert/strict';
import { apiProduct, newMember, PASSWORD, uniqueEmail } from '../support/api-product.ts';
import type { Answer } from '../support/http.ts';
import type { Product } from '../support/product.ts';

/** What is the same for every endpoint, shown on those for users. */
describe('the REST conventions', () => {
  let product: Product;
  before(async function () {
    this.timeout(60_000);
    product = await apiProduct();
  });

  const newUser = () => ({ email: uniqueEmail(), password: PASSWORD });
  const post = (body: unknown, headers: Record<string, string> = {}) =>
    product.asAdmin('POST', '/api/users', { body, headers });

  describe('answer problems', () => {
    function assertProblem(answer: Answer, status: number, code: string): void {
      assert.deepEqual([answer.status, answer.body?.code], [status, code]);
      assert.match(answer.headers.get('content-type')!, /^application\/problem\+json/);
      const { type, title, detail, request_id } = answer.body;
      for (const member of [type, title, detail]) assert.ok(typeof member === 'string' && member.length > 0);
      assert.equal(answer.body.status, status);
      assert.equal(request_id, answer.headers.get('x-request-id'));
      assert.doesNotMatch(JSON.stringify(answer.body), /SELECT|INSERT|\.ts\b|node_modules/);
    }
    const json = { 'content-type': 'application/json' };

    it('400 for what does not parse', async () => assertProblem(await post('{', json), 400, 'invalid_json'));
    it('401 without a token', async () =>
      assertProblem(await product.api('GET', '/api/users'), 401, 'unauthenticated'));
    it('403 without the role', async () => {
      const { api } = await newMember(product);
      assertProblem(await api('GET', '/api/users'), 403, 'forbidden');
    });
    it('404 for an unknown path and an unknown resource', async () => {
      assertProblem(await product.api('GET', '/api/nothing'), 404, 'not_found');
      assertProblem(await product.asAdmin('GET', '/api/users/4000000000'), 404, 'not_found');
    });
    it('405 for a method that is not there, with those that are', async () => {
      const answer = await product.asAdmin('DELETE', '/api/users');
      assertProblem(answer, 405, 'method_not_allowed');
      assert.deepEqual(answer.headers.get('allow')!.split(', ').sort(), ['GET', 'HEAD', 'OPTIONS', 'POST']);
    });
    it('409 for what is there already', async () => {
      const user = newUser();
      await post(user);
      assertProblem(await post(user), 409, 'already_exists');
    });
    it('412 for a version that has passed', async () => {
      const { body } = await post(newUser());
      const answer = await product.asAdmin('PATCH', `/api/users/${body.id}`, {
        body: { name: 'x' },
        headers: { 'if-match': '"99-x"' },
      });
      assertProblem(answer, 412, 'precondition_failed');
    });
    it('413 for more than a MiB', async () => {
      assertProblem(await post({ ...newUser(), name: 'x'.repeat(1024 * 1024) }), 413, 'payload_too_large');
    });
    it('415 for another media type', async () => {
      assertProblem(
        await post('<user/>', { 'content-type': 'application/xml' }),
        415,
        'unsupported_media_type',
      );
    });
    it('422 for what breaks the contract, with a pointer to each fault', async () => {
      const answer = await post({ ...newUser(), role: 'root', rank: 1 });
      assertProblem(answer, 422, 'schema');
      assert.deepEqual(answer.body.errors.map(({ pointer }: { pointer: string }) => pointer).sort(), [
        '/rank',
        '/role',
      ]);
    });
    it('422 for a query that the contract does not know', async () => {
      for (const query of ['limit=0', 'limit=201', 'limit=x', 'cursor=x', 'order=name']) {
        assertProblem(await product.asAdmin('GET', `/api/users?${query}`), 422, 'schema');
      }
    });
    it('429 for more writes than a second has room for, to that user only', async () => {
      const [busy, other] = [
        await newMember(product, { role: 'admin' }),
        await newMember(product, { role: 'admin' }),
      ];
      const write = () => busy.api('PATCH', '/api/users/4000000000', { body: {} });
      const answers = await Promise.all(Array.from({ length: 300 }, write));
      const refused = answers.find(({ status }) => status === 429);
      assert.ok(refused, 'All 300 got through within a second, or the machine took longer than that.');
      assertProblem(refused, 429, 'too_many_requests');
      assert.equal(refused.headers.get('retry-after'), '1');
      assert.equal((await other.api('PATCH', '/api/users/4000000000', { body: {} })).status, 404);
    });
  });

  describe('tag single resources', () => {
    it('so that a client need not read again what it has', async () => {
      const { body, headers } = await post(newUser());
      const path = `/api/users/${body.id}`;
      const etag = headers.get('etag')!;
      const same = await product.asAdmin('GET', path, { headers: { 'if-none-match': etag } });
      assert.deepEqual([same.status, same.body, same.headers.get('etag')], [304, '', etag]);
      await product.asAdmin('PATCH', path, { body: { name: 'y' } });
      assert.equal((await product.asAdmin('GET', path, { headers: { 'if-none-match': etag } })).status, 200);
    });

    it('so that of two who change the same version one is told', async () => {
      const { body, headers } = await post(newUser());
      const ifMatch = { 'if-match': headers.get('etag')! };
      const change = (name: string) =>
        product.asAdmin('PATCH', `/api/users/${body.id}`, { body: { name }, headers: ifMatch });
      const answers = await Promise.all([change('a'), change('b')]);
      assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 412]);
      const winner = answers.find(({ status }) => status === 200)!;
      const current = await product.asAdmin('GET', `/api/users/${body.id}`);
      assert.equal(current.body.name, winner.body.name);
      assert.equal(current.headers.get('etag'), winner.headers.get('etag'));
    });

    it('and honour If-Match when replacing and deleting too', async () => {
      const { body, headers } = await post(newUser());
      const path = `/api/users/${body.id}`;
      const stale = { 'if-match': '"7-stale"' };
      const put = { body: { email: body.email, role: 'viewer' } };
      assert.equal((await product.asAdmin('PUT', path, { ...put, headers: stale })).status, 412);
      assert.equal((await product.asAdmin('DELETE', path, { headers: stale })).status, 412);
      assert.equal(
        (await product.asAdmin('DELETE', path, { headers: { 'if-match': headers.get('etag')! } })).status,
        204,
      );
    });
  });

  describe('page through lists', () => {
    it('without a gap or a repetition, whatever is added or deleted meanwhile', async () => {
      const created: number[] = [];
      for (let count = 0; count < 7; count++) created.push((await post(newUser())).body.id);
      const seen: number[] = [];
      let next: string | null = '';
      for (let page = 0; next !== null && seen.length < 7; page++) {
        const { body }: Answer = await product.asAdmin(
          'GET',
          `/api/users?limit=2${next && `&cursor=${next}`}`,
        );
        seen.push(...body.items.map(({ id }: { id: number }) => id));
        next = body.next;
        await post(newUser());
        // The row that the cursor was made of, or the one before it.
        await product.asAdmin('DELETE', `/api/users/${seen.at(page % 2 ? -1 : -2)}`);
      }
      assert.deepEqual(seen.slice(0, 7), created.reverse());
    });

    it('fifty at a time unless asked otherwise, and say where they end', async () => {
      const { body } = await product.asAdmin('GET', '/api/users');
      assert.ok(body.items.length <= 50);
      const all = await product.asAdmin('GET', '/api/users?limit=200');
      assert.equal(all.body.next, null);
      const [{ count }] = (await product.sql('SELECT COUNT(*) AS count FROM users')) as [{ count: number }];
      assert.equal(all.body.items.length, count);
    });
  });

  it('describe themselves as OpenAPI', async () => {
    const { status, body } = await product.api('GET', '/api/openapi.json');
    assert.deepEqual([status, body.openapi], [200, '3.1.1']);
    for (const path of ['/api/auth/login', '/api/users/{id}', '/api/vehicles/{id}/telemetry'])
      assert.ok(body.paths[path], path);
    assert.deepEqual(body.paths['/api/users'].post.security, [{ bearer: ['admin'] }]);
  });
});
