/**
 * Passwords of the private servers' accounts, made up on the first start, for the owner's eyes only. Those that
 * the runtime needs with any server stand apart, in runtime/secrets.ts.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { PRIVATE_FILE, readIfPresent, writeFileAtomically } from '../runtime/files.ts';

const ACCOUNTS = ['mysqlOwner', 'mysqlFlows', 'redis', 'mqtt'] as const;
export type Credentials = Record<(typeof ACCOUNTS)[number], string>;

const PASSWORD_BYTES = 24;

/** Reads `DATA_DIR/servers.json` and adds what is missing in it. */
export function credentials(dataDir: string): Credentials {
  const file = join(dataDir, 'servers.json');
  const known = read(file);
  const complete = Object.fromEntries(
    ACCOUNTS.map((account) => [account, known[account] ?? randomBytes(PASSWORD_BYTES).toString('base64url')]),
  ) as Credentials;
  if (ACCOUNTS.some((account) => !known[account])) {
    writeFileAtomically(file, `${JSON.stringify(complete, null, 2)}\n`, PRIVATE_FILE);
  }
  return complete;
}

function read(file: string): Partial<Credentials> {
  return JSON.parse(readIfPresent(file) ?? '{}');
}
