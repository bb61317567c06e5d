/**
 * Claim codes: what an operator hands to a new vehicle, and the vehicle trades for its MQTT account, once.
 * 140 random bits in Crockford's base32, which has no letters that are read as digits.
 */
import { createHash, randomBytes } from 'node:crypto';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const LENGTH = 28;
const GROUP = 4;

/** A new code in groups of four, e.g. `7K2M-QX9T-…`. */
export function createClaimCode(): string {
  // 256 is a multiple of 32: each letter is equally likely.
  const letters = Array.from(randomBytes(LENGTH), (byte) => ALPHABET[byte % ALPHABET.length]!).join('');
  return letters.match(new RegExp(`.{${GROUP}}`, 'g'))!.join('-');
}

/**
 * SHA-256 of a code as it was meant: case, spaces and hyphens do not count, and O, I, L are read as 0, 1, 1.
 * A plain hash suffices, since nobody can try 2^140 codes.
 */
export function hashClaimCode(code: string): Buffer {
  const meant = code.toUpperCase().replace(/[\s-]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1');
  return createHash('sha256').update(meant).digest();
}
