/**
 * Where the simulators find the system and the right to use it. There are no default passwords: what is not
 * in the environment is what `make run` keeps under DATA_DIR, readable by its owner only.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ApiLogin } from './api.ts';

type Environment = Record<string, string | undefined>;

/** Something that the user has to provide; the message says what and how. */
export class AccessMissing extends Error {
  override readonly name = 'AccessMissing';
}

/** The password of the MQTT user `provision`. */
export async function provisionPassword(env: Environment, dataDir: string): Promise<string> {
  const password = env.PROVISION_PASSWORD || (await stored(dataDir, 'secrets.json')).PROVISION_PASSWORD;
  if (password) return password;
  throw new AccessMissing(
    `No password of the MQTT user "provision": set PROVISION_PASSWORD, or DATA_DIR to the directory of the running system (now ${dataDir}).`,
  );
}

/** An administrator or operator, who may create vehicles. */
export function apiLogin(env: Environment): ApiLogin {
  const { ADMIN_EMAIL: email, ADMIN_PASSWORD: password } = env;
  if (email && password) return { email, password };
  throw new AccessMissing(
    'New vehicles are created over REST, which needs a login: set ADMIN_EMAIL and ADMIN_PASSWORD to those that `make run` printed on its first start.',
  );
}

async function stored(dataDir: string, name: string): Promise<Record<string, string>> {
  try {
    return JSON.parse(await readFile(join(dataDir, name), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}
