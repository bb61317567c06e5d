/** Tells a generated administrator's password once, to a person: the log is kept, copied and read by others. */
import { join } from 'node:path';
import { PRIVATE_FILE, writeFileAtomically } from './files.ts';
import type { FirstAdmin } from './prepare.ts';

/** @returns a line for the log, without the password */
export function tellFirstLogin({ email, password }: FirstAdmin, dataDir: string): string {
  if (process.stderr.isTTY) {
    process.stderr.write(`\n  The first administrator:  ${email}  ${password}\n  It is not shown again.\n\n`);
    return `The first administrator is ${email}`;
  }
  const file = join(dataDir, 'first-login.txt');
  writeFileAtomically(file, `${email}\n${password}\n`, PRIVATE_FILE);
  return `The first administrator is ${email}; the password is in ${file}. Remove that file when you have read it.`;
}
