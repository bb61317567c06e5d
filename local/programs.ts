import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where Debian keeps servers; the PATH of an ordinary user lacks it. */
const SYSTEM_DIRECTORIES = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** The path of a program, undefined when it is not installed. */
export function findProgram(...names: string[]): string | undefined {
  const directories = [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), ...SYSTEM_DIRECTORIES];
  for (const name of names) {
    for (const directory of directories) {
      const path = join(directory, name);
      if (existsSync(path) && isExecutable(path)) return path;
    }
  }
  return undefined;
}

/** @throws Error that names the program, where it is not installed */
export function requireProgram(...names: string[]): string {
  const path = findProgram(...names);
  if (!path) throw new Error(`${names.join(' or ')} is not installed.`);
  return path;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
