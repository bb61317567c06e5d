/** Passwords of people: argon2id (RFC 9106), with the parameters that OWASP recommends for interactive logins. */
import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';

const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** @returns a PHC string with a salt of its own */
export function hashPassword(password: string): Promise<string> {
  return hash(password, PARAMETERS);
}

let nobodys: Promise<string> | undefined;

/**
 * Compares a password with a stored hash. Without a hash (no such user) it takes as long and answers false, so
 * that the time tells nobody which accounts exist (CWE-208).
 */
export async function verifyPassword(stored: string | undefined, password: string): Promise<boolean> {
  nobodys ??= hashPassword(randomBytes(16).toString('hex'));
  const matches = await verify(stored ?? (await nobodys), password);
  return matches && stored !== undefined;
}
