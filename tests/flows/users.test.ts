import assert from 'node:assert/strict';
import {
  apiProduct,
  type Member,
  newMember,
  PASSWORD,
  tryLogin,
  uniqueEmail,
} from '../support/api-product.ts';
import type { Product } from '../support/product.ts';

describe('users', () => {
  let product: Product;
  before(async function () {
    this.timeout(60_000);
    product = await apiProduct();
  });

  const create = (fields: Record<string, unknown> = {}) =>
    product.asAdmin('POST', '/api/users', { body: { email: uniqueEmail(), password: PASSWORD, ...fields } });
  const patch = (id: number, body: Record<string, unknown>) =>
    product.asAdmin('PATCH', `/api/users/${id}`, { body });

  it('are added with an address, defaults and without the password', async () => {
    const email = uniqueEmail();
    const answer = await create({ email, name: 'Ada', last_name: 'Lovelace' });
    assert.equal(answer.status, 201);
    const { id, create_date, ...rest } = answer.body;
    assert.deepEqual(rest, { email, name: 'Ada', last_name: 'Lovelace', role: 'viewer', client_id: null });
    assert.match(create_date, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.ok(Math.abs(Date.parse(create_date) - Date.now()) < 60_000);
    assert.equal(answer.headers.get('location'), `/api/users/${id}`);
    assert.deepEqual((await product.asAdmin('GET', `/api/users/${id}`)).body, answer.body);
  });

  it('have one e-mail each, whatever its case', async () => {
    const email = uniqueEmail();
    await create({ email });
    const again = await create({ email: email.toUpperCase() });
    assert.deepEqual([again.status, again.body.code], [409, 'already_exists']);
  });

  it('need a sound e-mail, a password of 8 to 128 characters and a known role', async () => {
    const wrong = [
      { email: 'nobody' },
      { password: 'short' },
      { password: 'x'.repeat(129) },
      { role: 'root' },
      { id: 5 },
      { token_version: 9 },
    ];
    for (const fields of wrong) assert.equal((await create(fields)).status, 422, JSON.stringify(fields));
  });

  it('change in part: what is left out stays, null clears a client', async () => {
    const { body } = await create({ name: 'Ada', client_id: 4 });
    assert.deepEqual((await patch(body.id, { last_name: 'L' })).body, { ...body, last_name: 'L' });
    assert.deepEqual((await patch(body.id, { client_id: null })).body, {
      ...body,
      last_name: 'L',
      client_id: null,
    });
  });

  it('are replaced as a whole: what is left out falls back, the password stays', async () => {
    const email = uniqueEmail();
    const { body } = await create({ email, name: 'Ada', client_id: 4 });
    const answer = await product.asAdmin('PUT', `/api/users/${body.id}`, {
      body: { email, role: 'operator' },
    });
    assert.deepEqual(answer.body, { ...body, name: '', client_id: null, role: 'operator' });
    assert.equal((await tryLogin(product, email)).status, 200);
    assert.equal((await product.asAdmin('PUT', `/api/users/${body.id}`, { body: { email } })).status, 422);
  });

  it('are listed newest first', async () => {
    const ids = [(await create()).body.id, (await create()).body.id];
    const { body } = await product.asAdmin('GET', '/api/users?limit=2');
    assert.deepEqual(
      body.items.map(({ id }: { id: number }) => id),
      ids.reverse(),
    );
    assert.ok(body.next);
  });

  it('are gone after a deletion', async () => {
    const { body } = await create();
    assert.equal((await product.asAdmin('DELETE', `/api/users/${body.id}`)).status, 204);
    for (const method of ['GET', 'DELETE'])
      assert.equal((await product.asAdmin(method, `/api/users/${body.id}`)).status, 404);
    assert.equal((await patch(body.id, { name: 'x' })).status, 404);
  });

  it('are the business of administrators alone', async () => {
    for (const role of ['viewer', 'operator']) {
      const member = await newMember(product, { role });
      for (const [method, path] of [
        ['GET', '/api/users'],
        ['GET', `/api/users/${member.id}`],
        ['DELETE', `/api/users/${member.id}`],
      ] as const) {
        const answer = await member.api(method, path);
        assert.deepEqual([answer.status, answer.body.code], [403, 'forbidden'], `${role} ${method} ${path}`);
      }
      const body = { role: 'admin' };
      assert.equal((await member.api('PATCH', `/api/users/${member.id}`, { body })).status, 403);
      assert.equal((await member.api('GET', '/api/auth/me')).status, 200);
    }
  });

  describe('feel a change at their next request', () => {
    let member: Member;
    beforeEach(async () => {
      member = await newMember(product, { role: 'operator' });
      assert.equal((await member.api('GET', '/api/auth/me')).status, 200);
    });

    it('of their role', async () => {
      assert.equal((await member.api('GET', '/api/users')).status, 403);
      await patch(member.id, { role: 'admin' });
      assert.equal((await member.api('GET', '/api/users')).status, 200);
      await patch(member.id, { role: 'viewer' });
      assert.equal((await member.api('GET', '/api/users')).status, 403);
    });

    it('of their password, which ends all of their sessions', async () => {
      await patch(member.id, { password: 'another password' });
      assert.equal((await member.api('GET', '/api/auth/me')).status, 401);
      const refreshed = await product.api('POST', '/api/auth/refresh', {
        body: { refresh_token: member.refreshToken },
      });
      assert.equal(refreshed.status, 401);
      assert.equal((await tryLogin(product, member.email)).status, 401);
      assert.equal((await tryLogin(product, member.email, 'another password')).status, 200);
    });

    it('but not of their name', async () => {
      await patch(member.id, { name: 'Ada' });
      assert.equal((await member.api('GET', '/api/auth/me')).body.name, 'Ada');
    });

    it('of their deletion', async () => {
      await product.asAdmin('DELETE', `/api/users/${member.id}`);
      assert.equal((await member.api('GET', '/api/auth/me')).status, 401);
      const refreshed = await product.api('POST', '/api/auth/refresh', {
        body: { refresh_token: member.refreshToken },
      });
      assert.equal(refreshed.status, 401);
    });
  });

  describe('always include an administrator', () => {
    /** Everybody else steps down, so that these tests see the last two. */
    async function onlyAdministrators(...ids: number[]): Promise<void> {
      await product.sql("UPDATE users SET role = 'viewer' WHERE role = 'admin' AND id NOT IN (?)", [ids]);
    }
    let first: { id: number };
    before(async () => {
      [first] = (await product.sql('SELECT id FROM users WHERE email = ?', [product.admin.email])) as [
        { id: number },
      ];
      await onlyAdministrators(first.id);
    });

    it('who can be neither deleted nor demoted', async () => {
      const answers = [
        await product.asAdmin('DELETE', `/api/users/${first.id}`),
        await patch(first.id, { role: 'operator' }),
        await product.asAdmin('PUT', `/api/users/${first.id}`, {
          body: { email: product.admin.email, role: 'viewer' },
        }),
      ];
      for (const { status, body } of answers)
        assert.deepEqual([status, body.code], [409, 'last_administrator']);
      assert.equal((await patch(first.id, { name: 'Chief' })).status, 200);
    });

    it('also when the last two remove each other at the same time', async () => {
      for (let round = 0; round < 5; round++) {
        const one = await newMember(product, { role: 'admin' });
        const other = await newMember(product, { role: 'admin' });
        await onlyAdministrators(one.id, other.id);
        const answers = await Promise.all([
          one.api('DELETE', `/api/users/${other.id}`),
          other.api('DELETE', `/api/users/${one.id}`),
        ]);
        await product.sql("UPDATE users SET role = 'admin' WHERE id = ?", [first.id]);
        assert.equal(answers.filter(({ status }) => status === 204).length, 1, JSON.stringify(answers));
      }
    });

    it('and no administrator belongs to one client only', async () => {
      const wrong = await create({ role: 'admin', client_id: 4 });
      assert.deepEqual([wrong.status, wrong.body.code], [422, 'scoped_administrator']);
      const { body } = await create({ role: 'viewer', client_id: 4 });
      assert.equal((await patch(body.id, { role: 'admin' })).status, 422);
      assert.equal((await patch(body.id, { role: 'admin', client_id: null })).status, 200);
    });
  });
});
