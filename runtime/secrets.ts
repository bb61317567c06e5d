/**
 * The secrets that nobody has to think of: generated on a first start into `DATA_DIR/secrets.json`, for the
 * owner's eyes only. What the environment sets wins over the file.
 */
import { randomBytes, scryptSync } from 'node:crypto';
import { linkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, type Environment } from './config.ts';
import { makePrivateDirectory, PRIVATE_FILE, readIfPresent, writeFileAtomically } from './files.ts';

export interface Secrets {
  /** Signs access tokens (HMAC SHA-256). */
  jwtSecret: string;
  /** AES-256-GCM key of what is encrypted at rest: 32 bytes. */
  secretsKey: Buffer;
  /** Password of the MQTT user `provision`. */
  provisionPassword: string;
  /** Variables whose value somebody could guess, to be warned of. */
  weak: string[];
}

const NAMES = ['JWT_SECRET', 'SECRETS_KEY', 'PROVISION_PASSWORD'] as const;
type Kept = Record<(typeof NAMES)[number], string>;

const KEY_BYTES = 32;
/** What is shorter was typed by a person. */
const STRONG_BYTES = 16;

/**
 * Reads the secrets, and generates those that are in neither place.
 * @throws {ConfigError} when one is unusable, or the file does not parse (it is not replaced: what was encrypted
 *   with the lost key would be lost with it)
 */
export function loadSecrets(dataDir: string, env: Environment): Secrets {
  const kept = keepSecrets(dataDir);
  const secret = (name: (typeof NAMES)[number]) => env[name] || kept[name];

  return {
    jwtSecret: toJwtSecret(secret('JWT_SECRET')),
    secretsKey: toKey(secret('SECRETS_KEY')),
    provisionPassword: secret('PROVISION_PASSWORD'),
    weak: NAMES.filter((name) => Buffer.byteLength(secret(name)) < STRONG_BYTES),
  };
}

/** RFC 7518 §3.2: a key of HS256 is at least as long as the hash; a shorter one is stretched. */
function toJwtSecret(secret: string): string {
  if (Buffer.byteLength(secret) >= KEY_BYTES) return secret;
  return stretch(secret, 'cauce jwt secret').toString('base64url');
}

/** 32 bytes as hex or base64 are the key itself; any other string is a passphrase, and stretched to one. */
export function toKey(secret: string): Buffer {
  if (/^[0-9a-f]{64}$/i.test(secret)) return Buffer.from(secret, 'hex');
  if (/^[A-Za-z0-9+/]{43}=$/.test(secret)) return Buffer.from(secret, 'base64');
  return stretch(secret, 'cauce secrets key');
}

/** scrypt (RFC 7914): slow, so that a passphrase is not found by trying. The same at each start and replica. */
function stretch(secret: string, purpose: string): Buffer {
  return scryptSync(secret, purpose, KEY_BYTES);
}

function keepSecrets(dataDir: string): Kept {
  const path = join(dataDir, 'secrets.json');
  const present = parse(path);
  if (present && NAMES.every((name) => present[name])) return present as Kept;

  makePrivateDirectory(dataDir);
  const complete = { ...generate(), ...present };
  const content = `${JSON.stringify(complete, null, 2)}\n`;
  if (present) {
    writeFileAtomically(path, content, PRIVATE_FILE);
    return complete;
  }
  // Supervisor and runtime may both be first: a link, unlike a rename, fails where the name is taken.
  const own = `${path}.${process.pid}.new`;
  writeFileAtomically(own, content, PRIVATE_FILE);
  try {
    linkSync(own, path);
    return complete;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return parse(path) as Kept;
  } finally {
    rmSync(own, { force: true });
  }
}

function generate(): Kept {
  return {
    JWT_SECRET: randomBytes(KEY_BYTES).toString('base64url'),
    SECRETS_KEY: randomBytes(KEY_BYTES).toString('base64'),
    PROVISION_PASSWORD: randomBytes(18).toString('base64url'),
  };
}

function parse(path: string): Partial<Kept> | undefined {
  const content = readIfPresent(path);
  if (content === undefined) return undefined;
  try {
    return JSON.parse(content);
  } catch {
    throw new ConfigError(`${path} is not JSON. Restore it from a backup; what it encrypts needs its keys.`);
  }
}
