/**
 * What is encrypted at rest: AES-256-GCM with a random 96-bit nonce (NIST SP 800-38D section 8.2.2: good for
 * 2^32 boxes a key).
 *
 * Layout: version (1 byte) | nonce (12) | tag (16) | ciphertext.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + NONCE_BYTES + TAG_BYTES;

/**
 * @param key 32 bytes
 * @param aad where the box belongs, e.g. `vehicles.password:v-1`: it opens nowhere else, so that nobody who
 *   can write the table can pass one row's secret off as another's
 */
export function seal(key: Buffer, plaintext: string | Buffer, aad: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(aad));
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([Buffer.of(VERSION), nonce, cipher.getAuthTag(), ciphertext]);
}

/** @throws Error for a box that was altered, belongs elsewhere, or was sealed with another key */
export function open(key: Buffer, box: Buffer, aad: string): Buffer {
  if (box.length < HEADER_BYTES || box[0] !== VERSION) throw new Error('Not a secret box.');
  const nonce = box.subarray(1, 1 + NONCE_BYTES);
  const tag = box.subarray(1 + NONCE_BYTES, HEADER_BYTES);
  const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(aad));
  decipher.setAuthTag(tag);
  return Buffer.concat([decipher.update(box.subarray(HEADER_BYTES)), decipher.final()]);
}
