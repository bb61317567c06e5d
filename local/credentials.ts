/**
 * Passwords of the private servers' accounts, made up on the first start and kept readable by the owner only.
 * Those of the runtime itself (JWT_SECRET, SECRETS_KEY) are not here: they are not a matter of one machine.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomically } from './atomic.ts';

const ACCOUNTS = ['mysqlOwner', 'mysqlFlows', 'redis', 'mqtt', 'provision'] as const;
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
    writeAtomically(file, `${JSON.stringify(complete, null, 2)}\n`);
  }
  return complete;
}

function read(file: string): Partial<Credentials> {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}
