import assert from 'node:assert/strict';
import { freshAddress, PASSWORD, uniqueEmail } from '../support/api-product.ts';
import { type Product, startProduct } from '../support/product.ts';

describe('when a server behind the API is away', () => {
  let product: Product;
  before(async function () {
    this.timeout(60_000);
    product = await startProduct({
      privateMysql: true,
      env: { TRUST_PROXY: 'loopback', LOGIN_PER_ACCOUNT_MINUTE: '3' },
    });
    await product.token();
  });
  after(async () => product?.stop());

  const login = (email: string, password = 'wrong password') => {
    const headers = { 'x-forwarded-for': freshAddress() };
    return product.api('POST', '/api/auth/login', { body: { email, password }, headers });
  };

  it('logins go on without Redis, and so do their limits', async () => {
    await product.servers.redis!.stop();
    const statuses = [];
    for (let count = 0; count < 4; count++) statuses.push((await login('x@example.com')).status);
    assert.deepEqual(statuses, [401, 401, 401, 429]);
    await product.servers.redis!.start();
    assert.equal((await login(product.admin.email, product.admin.password)).status, 200);
  });

  it('requests are told to come back without MySQL, and are served when it is there again', async () => {
    await product.servers.mysql!.stop();
    const calls = [
      () => product.asAdmin('GET', '/api/users'),
      () => product.asAdmin('POST', '/api/users', { body: { email: uniqueEmail(), password: PASSWORD } }),
      () => login(uniqueEmail()),
      () => product.asAdmin('GET', '/api/auth/me'),
    ];
    for (const call of calls) {
      const { status, headers, body } = await call();
      assert.deepEqual([status, body.code], [503, 'unavailable'], JSON.stringify(body));
      assert.ok(Number(headers.get('retry-after')) >= 1);
    }
    await product.servers.mysql!.start();
    for (const call of [calls[0]!, calls[1]!, calls[3]!]) {
      const { status, body } = await call();
      assert.ok(status < 300, JSON.stringify(body));
    }
  });
});
