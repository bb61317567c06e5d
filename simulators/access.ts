/**
 * Where the simulators find the system and the right to use it. There are no default passwords: what is not
 * in the environment is what `make run` keeps under DATA_DIR, readable by its owner only.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { ApiLogin } from './api.ts';

type Environment = Record<string, string | undefined>;
type Terminal = NodeJS.ReadStream;

/** The first administrator's, unless ADMIN_EMAIL says otherwise. */
const DEFAULT_EMAIL = 'admin@cauce.local';

/** Something that the user has to provide; the message says what and how. */
export class AccessMissing extends Error {
  override readonly name = 'AccessMissing';
}

/** The password of the MQTT user `provision`. */
export async function provisionPassword(env: Environment, dataDir: string): Promise<string> {
  if (env.PROVISION_PASSWORD) return env.PROVISION_PASSWORD;
  const secrets = await contentOf(join(dataDir, 'secrets.json'));
  if (secrets) return JSON.parse(secrets).PROVISION_PASSWORD;
  throw new AccessMissing(
    `No password of the MQTT user "provision": set PROVISION_PASSWORD, or DATA_DIR to the directory of the running system (now ${dataDir}).`,
  );
}

/**
 * An administrator or operator, who may create vehicles: ADMIN_EMAIL and ADMIN_PASSWORD, the file in which a
 * runtime without a terminal leaves the first login, or what a person types.
 */
export async function apiLogin(env: Environment, dataDir: string, terminal: Terminal): Promise<ApiLogin> {
  const email = env.ADMIN_EMAIL || DEFAULT_EMAIL;
  if (env.ADMIN_PASSWORD) return { email, password: env.ADMIN_PASSWORD };
  const file = await contentOf(join(dataDir, 'first-login.txt'));
  const [firstEmail, firstPassword] = file?.split('\n') ?? [];
  if (firstEmail && firstPassword) return { email: firstEmail, password: firstPassword };
  if (terminal.isTTY) return { email, password: await askSecret(`Password of ${email}: `, terminal) };
  throw new AccessMissing(
    'New vehicles are created over REST, which needs a login: set ADMIN_PASSWORD (and ADMIN_EMAIL, unless it is ' +
      `${DEFAULT_EMAIL}) to what \`make run\` printed on its first start.`,
  );
}

/** Reads a line that is not shown. */
async function askSecret(question: string, terminal: Terminal): Promise<string> {
  process.stderr.write(question);
  const silence = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: terminal, output: silence, terminal: true });
  try {
    return await lines.question('');
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}

async function contentOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
