/**
 * Credentials at rest. Those that only name environment variables are no secret and are versioned with the
 * flows; what somebody typed into the editor is sealed with AES-256-GCM. (Node-RED's own file is AES-256-CTR
 * without authentication: whoever can write it can change a password unnoticed.)
 */
import { open, seal } from '../../nodes/shared/secret-box.ts';
import { FlowError } from './errors.ts';

/** Node id → its credentials. */
export type Credentials = Record<string, Record<string, unknown>>;

/** Bound to the content, so that nothing else that this key seals can be put in its place. */
const PLACE = 'flow credentials';

/** Splits credentials into those that consist of `${ENV}` references and all others. */
export function splitCredentials(all: Credentials): { references: Credentials; secrets: Credentials } {
  const references: Credentials = {};
  const secrets: Credentials = {};
  for (const [id, credentials] of Object.entries(all)) {
    const values = Object.values(credentials);
    if (values.length === 0) continue;
    (values.every(isReference) ? references : secrets)[id] = credentials;
  }
  return { references, secrets };
}

function isReference(value: unknown): boolean {
  return typeof value === 'string' && /^\$\{[A-Za-z_]\w*\}$/.test(value);
}

/** @param key 32 bytes */
export function sealCredentials(credentials: Credentials, key: Buffer): string {
  const sealed = seal(key, JSON.stringify(credentials), PLACE).toString('base64');
  return `${JSON.stringify({ sealed })}\n`;
}

/** @throws {FlowError} when the key is another one, or the file was altered */
export function unsealCredentials(text: string, key: Buffer, file: string): Credentials {
  try {
    const { sealed } = JSON.parse(text) as { sealed: string };
    return JSON.parse(open(key, Buffer.from(sealed, 'base64'), PLACE).toString('utf8'));
  } catch {
    throw new FlowError(
      'credentials_unreadable',
      `${file} cannot be decrypted: SECRETS_KEY is not the one that it was written with, or it was altered.`,
    );
  }
}
