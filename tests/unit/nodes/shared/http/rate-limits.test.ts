import assert from 'node:assert/strict';
import { Redis } from 'ioredis';
import { network, RateLimits } from '../../../../../nodes/shared/http/rate-limits.ts';
import type { Problem } from '../../../../../nodes/shared/problem.ts';

const limits = () =>
  new RateLimits({ loginPerAccountMinute: 3, loginPerAddressMinute: 5, writesPerUserSecond: 2 });
const tooMany = (error: unknown) => {
  const { code, retryAfter } = error as Problem;
  return code === 'too_many_requests' && retryAfter! >= 1 && retryAfter! <= 60;
};

describe('rate limits', () => {
  it('count logins by account, whatever its spelling, and say when to come back', async () => {
    const { loginTo } = bind(limits());
    for (const email of ['a@example.com', 'A@Example.com', ' a@example.com ']) await loginTo(email);
    await assert.rejects(loginTo('a@example.com'), tooMany);
    await loginTo('b@example.com');
  });

  it('count logins by address', async () => {
    const { loginFrom } = bind(limits());
    for (let count = 0; count < 5; count++) await loginFrom('192.0.2.1');
    await assert.rejects(loginFrom('192.0.2.1'), tooMany);
    await loginFrom('192.0.2.2');
  });

  it('count writes by user', async () => {
    const all = limits();
    await all.write(1);
    await all.write(1);
    await assert.rejects(all.write(1), tooMany);
    await all.write(2);
  });

  it('hold without Redis too', async () => {
    const redis = new Redis({ lazyConnect: true, enableOfflineQueue: false });
    redis.on('error', () => {});
    const all = limits();
    for (let count = 0; count < 3; count++) await all.loginTo('a@example.com', redis);
    await assert.rejects(all.loginTo('a@example.com', redis), tooMany);
    redis.disconnect();
  });
});

describe('the network of an address', () => {
  it('is the address of IPv4, also where it is written as IPv6', () => {
    assert.equal(network('192.0.2.1'), '192.0.2.1');
    assert.equal(network('::ffff:192.0.2.1'), '192.0.2.1');
  });

  it('is the /64 of IPv6: one household is one client', () => {
    assert.equal(network('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2');
    assert.equal(network('2001:DB8:1:2::1'), '2001:db8:1:2');
    assert.equal(network('2001:db8::1'), '2001:db8:0:0');
    assert.equal(network('fe80::1%eth0'), 'fe80:0:0:0');
    assert.equal(network('::1'), '0:0:0:0');
  });
});

function bind(all: RateLimits) {
  return {
    loginTo: (email: string) => all.loginTo(email, undefined),
    loginFrom: (address: string) => all.loginFrom(address, undefined),
  };
}
