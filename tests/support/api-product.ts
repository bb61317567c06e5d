/**
 * The product that the tests of the REST conventions share. Its token secret is known, so that tokens can be forged,
 * and it believes `X-Forwarded-For`, so that each test may log in from an address of its own.
 */
import { randomUUID } from 'node:crypto';
import type { Answer, Api } from './http.ts';
import { type Product, startProduct } from './product.ts';

export const JWT_SECRET = 'a secret that only these tests and their product know';
export const PASSWORD = 'correct horse battery staple';

export interface Member {
  id: number;
  email: string;
  token: string;
  refreshToken: string;
  /** With this user's token. */
  api: Api;
}

let shared: Promise<Product> | undefined;

export function apiProduct(): Promise<Product> {
  shared ??= startProduct({ env: { JWT_SECRET, TRUST_PROXY: 'loopback' } });
  return shared;
}

// At the top level of a file that mocha loads, this is a root hook.
after(async function stopApiProduct() {
  this.timeout(60_000);
  const product = await shared?.catch(() => undefined);
  await product?.stop();
});

export const uniqueEmail = () => `${randomUUID()}@example.com`;

let addresses = 0;

/** An address that nobody has logged in from before. */
export function freshAddress(): string {
  addresses++;
  return `10.${addresses >> 16}.${(addresses >> 8) & 255}.${addresses & 255}`;
}

/** Tries to log in, each time from another address. */
export function tryLogin(product: Product, email: string, password = PASSWORD): Promise<Answer> {
  const headers = { 'x-forwarded-for': freshAddress() };
  return product.api('POST', '/api/auth/login', { body: { email, password }, headers });
}

/** A new user, logged in. */
export async function newMember(product: Product, fields: Record<string, unknown> = {}): Promise<Member> {
  const email = uniqueEmail();
  const created = await product.asAdmin('POST', '/api/users', {
    body: { email, password: PASSWORD, ...fields },
  });
  if (created.status !== 201) throw new Error(`No user: ${JSON.stringify(created.body)}`);
  return { id: created.body.id, ...(await logIn(product, email)) };
}

export async function logIn(product: Product, email: string): Promise<Omit<Member, 'id'>> {
  const { status, body } = await tryLogin(product, email);
  if (status !== 200) throw new Error(`No login: ${JSON.stringify(body)}`);
  const { access_token: token, refresh_token: refreshToken } = body;
  return {
    email,
    token,
    refreshToken,
    api: (method, path, request) => product.api(method, path, { token, ...request }),
  };
}
