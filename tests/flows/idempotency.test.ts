import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { apiProduct, newMember, PASSWORD, uniqueEmail } from '../support/api-product.ts';
import type { Product } from '../support/product.ts';

describe('an Idempotency-Key is honoured', () => {
  let product: Product;
  before(async function () {
    this.timeout(60_000);
    product = await apiProduct();
  });

  const newUser = () => ({ email: uniqueEmail(), password: PASSWORD });
  const post = (body: unknown, headers: Record<string, string> = {}) =>
    product.asAdmin('POST', '/api/users', { body, headers });

  const users = async (email: string) =>
    (await product.sql('SELECT id FROM users WHERE email = ?', [email])).length;

  it('with the first answer, status and headers included', async () => {
    const [user, key] = [newUser(), { 'idempotency-key': randomUUID() }];
    const [first, again] = [await post(user, key), await post(user, key)];
    assert.deepEqual([again.status, again.body], [201, first.body]);
    for (const header of ['location', 'etag', 'content-type'])
      assert.equal(again.headers.get(header), first.headers.get(header));
    assert.equal(await users(user.email), 1);
  });

  it('also when the answer was a refusal', async () => {
    const user = newUser();
    await post(user);
    const key = { 'idempotency-key': randomUUID() };
    assert.equal((await post(user, key)).status, 409);
    await product.sql('DELETE FROM users WHERE email = ?', [user.email]);
    assert.equal((await post(user, key)).status, 409);
  });

  it('once, when the same request comes many times at once', async () => {
    const [user, key] = [newUser(), { 'idempotency-key': randomUUID() }];
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(user, key)));
    assert.equal(await users(user.email), 1);
    for (const { status, body } of answers) {
      assert.ok(status === 201 || body.code === 'idempotency_in_progress', JSON.stringify(body));
    }
    assert.equal((await post(user, key)).status, 201);
  });

  it('with a refusal when the body is another', async () => {
    const key = { 'idempotency-key': randomUUID() };
    await post(newUser(), key);
    const answer = await post(newUser(), key);
    assert.deepEqual([answer.status, answer.body.code], [422, 'idempotency_mismatch']);
  });

  it('for each user alone', async () => {
    const [one, other] = [
      await newMember(product, { role: 'admin' }),
      await newMember(product, { role: 'admin' }),
    ];
    const headers = { 'idempotency-key': 'the same' };
    const answers = await Promise.all(
      [one, other].map(({ api }) => api('POST', '/api/users', { body: newUser(), headers })),
    );
    assert.deepEqual(
      answers.map(({ status }) => status),
      [201, 201],
    );
  });

  it('until a first request that never answered has lost its claim', async () => {
    const [user, key] = [newUser(), { 'idempotency-key': randomUUID() }];
    await post(user, key);
    await product.sql('DELETE FROM users WHERE email = ?', [user.email]);
    // As a crash leaves it: claimed, and not answered.
    await product.sql('UPDATE idempotency_keys SET answer = NULL ORDER BY create_date DESC LIMIT 1');
    const early = await post(user, key);
    assert.deepEqual([early.status, early.body.code], [409, 'idempotency_in_progress']);
    await product.sql(
      'UPDATE idempotency_keys SET create_date = UTC_TIMESTAMP(3) - INTERVAL 3 MINUTE WHERE answer IS NULL',
    );
    assert.equal((await post(user, key)).status, 201);
  });

  it('and keep no answer readable', async () => {
    const user = newUser();
    await post(user, { 'idempotency-key': randomUUID() });
    const rows = await product.sql<{ answer: Buffer }>(
      'SELECT answer FROM idempotency_keys WHERE answer IS NOT NULL',
    );
    assert.ok(rows.length > 0);
    assert.ok(rows.every(({ answer }) => !answer.toString('latin1').includes('@example.com')));
  });

  it('refuse a key that is none', async () => {
    for (const key of ['', 'é', 'x'.repeat(256)]) {
      assert.equal((await post(newUser(), { 'idempotency-key': key })).status, 400, key);
    }
  });
});
