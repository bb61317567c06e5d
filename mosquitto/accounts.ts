/**
 * The file in which Mosquitto's dynamic-security plugin keeps its accounts. The plugin reads it at its start
 * and rewrites it with every change that comes over MQTT; we see to the accounts that must exist before anybody
 * can connect. Rights are not in here: every default is deny, and the ACL file decides.
 *
 *   node mosquitto/accounts.ts <file>    with MQTT_PASSWORD and PROVISION_PASSWORD in the environment
 */
import { pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';

interface Account {
  username: string;
  password?: string;
  salt?: string;
  iterations?: number;
  disabled?: boolean;
  [member: string]: unknown;
}

interface AccountFile {
  defaultACLAccess: Record<string, boolean>;
  clients: Account[];
  [member: string]: unknown;
}

// What mosquitto_ctrl writes. Enough for random passwords, and a thousand vehicles may reconnect at once to a
// broker of one thread.
const ITERATIONS = 101;
const SALT_BYTES = 12;
const HASH_BYTES = 64;

const EMPTY: AccountFile = {
  defaultACLAccess: {
    publishClientSend: false,
    publishClientReceive: false,
    subscribe: false,
    unsubscribe: true,
  },
  clients: [],
  groups: [],
  roles: [],
};

/**
 * Sees to it that these accounts exist with these passwords, and leaves every other account alone. A file that
 * does not parse (the plugin does not fsync) is kept aside: the runtime restores the vehicles from MySQL.
 * Only while the broker is stopped.
 * @returns the name under which an unreadable file was kept
 */
export function ensureAccounts(file: string, passwords: Record<string, string>): string | undefined {
  const { accounts, setAside } = read(file);
  let changed = accounts.clients.length === 0;
  for (const [username, password] of Object.entries(passwords)) {
    const known = accounts.clients.find((client) => client.username === username);
    if (known && !known.disabled && matches(known, password)) continue;
    const client: Account = { ...known, username, ...hash(password) };
    delete client.disabled;
    accounts.clients = [...accounts.clients.filter((other) => other !== known), client];
    changed = true;
  }
  if (changed) write(file, `${JSON.stringify(accounts, null, '\t')}\n`);
  return setAside;
}

/** PBKDF2 with SHA-512, as the plugin checks it. */
function hash(password: string): Required<Pick<Account, 'password' | 'salt' | 'iterations'>> {
  const salt = randomBytes(SALT_BYTES);
  const key = pbkdf2Sync(password, salt, ITERATIONS, HASH_BYTES, 'sha512');
  return { password: key.toString('base64'), salt: salt.toString('base64'), iterations: ITERATIONS };
}

function matches(account: Account, password: string): boolean {
  if (!account.password || !account.salt || !account.iterations) return false;
  const stored = Buffer.from(account.password, 'base64');
  const salt = Buffer.from(account.salt, 'base64');
  const key = pbkdf2Sync(password, salt, account.iterations, HASH_BYTES, 'sha512');
  return stored.length === key.length && timingSafeEqual(stored, key);
}

function read(file: string): { accounts: AccountFile; setAside?: string } {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { accounts: structuredClone(EMPTY) };
    throw error;
  }
  try {
    const accounts = JSON.parse(text) as AccountFile;
    if (Array.isArray(accounts.clients)) return { accounts };
  } catch {
    // as below: not a file of the plugin
  }
  const setAside = `${file}.unreadable-${Date.now()}`;
  renameSync(file, setAside);
  return { accounts: structuredClone(EMPTY), setAside };
}

function write(file: string, content: string): void {
  const handle = openSync(`${file}.draft`, 'w', 0o600);
  try {
    writeSync(handle, content);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(`${file}.draft`, file);
}

if (import.meta.main) {
  const [, , file] = process.argv;
  const { MQTT_PASSWORD, PROVISION_PASSWORD } = process.env;
  if (!file || !MQTT_PASSWORD || !PROVISION_PASSWORD) {
    console.error('usage: MQTT_PASSWORD=… PROVISION_PASSWORD=… node mosquitto/accounts.ts <file>');
    process.exit(2);
  }
  const setAside = ensureAccounts(file, { cauce: MQTT_PASSWORD, provision: PROVISION_PASSWORD });
  if (setAside) console.warn(`The accounts could not be read and are kept as ${setAside}.`);
}
