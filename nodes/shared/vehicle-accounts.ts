/**
 * The broker's accounts, brought in line with the `vehicles` table: who is registered may log in with the
 * password that is sealed in the row, nobody else may. The table is the truth. Whatever happened to the broker
 * (an update that was lost, its data wiped, an account edited by hand) is mended from it.
 *
 * An account of ours says so in its `textname`, together with a fingerprint of its password: that tells which
 * accounts may be deleted, and whether a password has to be set, which would end the device's session.
 */
import { createHash, createHmac } from 'node:crypto';
import type { Pool, RowDataPacket } from 'mysql2/promise';
import type { Command, Reply } from './dynsec.ts';
import { Problem } from './problem.ts';
import { open } from './secret-box.ts';

/** The part of `DynamicSecurity` that is used here. */
export interface Broker {
  run(commands: Command[]): Promise<Reply[]>;
}

export interface VehicleAccountsOptions {
  pool: Pool;
  broker: Broker;
  secretsKey: Buffer;
  /** Of the account with which unregistered vehicles send their claim. */
  provisionPassword: string;
  /** Commands sent at once. The broker is single-threaded and does nothing else meanwhile. */
  batchSize: number;
}

/** What was done to the broker's accounts: how many, and whose passwords could not be read. */
export interface Changes {
  created: number;
  changed: number;
  deleted: number;
  /** Sealed with another key: these accounts stay as they are. */
  unreadable: string[];
}

interface Account {
  fingerprint: string;
  password(): string;
}
type Wanted = Map<string, Account>;
/** User name → `textname`. */
type Existing = Map<string, string>;

interface VehicleRow extends RowDataPacket {
  id: string;
  password_cipher: Buffer;
}

const PROVISION_USER = 'provision';
const VEHICLE_MARK = 'cauce vehicle ';
const PROVISION_MARK = 'cauce provision ';
const FINGERPRINT_LENGTH = 32;
const LIST_PAGE = 500;
const ROUNDS = 6;

/** The associated data under which a vehicle's password is sealed. */
export const passwordPlace = (vehicleId: string) => `vehicles/${vehicleId}/mqtt-password`;

export class VehicleAccounts {
  readonly #options: VehicleAccountsOptions;

  constructor(options: VehicleAccountsOptions) {
    this.#options = options;
  }

  /**
   * Brings the accounts of some vehicles in line.
   *
   * @throws Problem `unavailable` without the broker, Error when it does not do what it is told
   */
  sync(vehicleIds: string[]): Promise<Changes> {
    return this.#converge(
      () => this.#readVehicles(vehicleIds),
      () => this.#getAccounts(vehicleIds),
    );
  }

  /** Brings every account of ours in line. Throws as `sync` does. */
  reconcile(): Promise<Changes> {
    return this.#converge(
      async () => (await this.#readVehicles()).set(PROVISION_USER, this.#provisionAccount()),
      () => this.#listAccounts(),
    );
  }

  /**
   * Reads both sides and levels them until there is no difference left. Reading again after the last change
   * is what makes it safe against a registration or a revocation at the same time, here or in another
   * runtime: each writes its row first and the broker then, so the last to look sees the last row.
   */
  async #converge(
    readWanted: () => Promise<Wanted>,
    readExisting: () => Promise<Existing>,
  ): Promise<Changes> {
    const changes: Changes = { created: 0, changed: 0, deleted: 0, unreadable: [] };
    let refusal = '';
    for (let round = 0; round < ROUNDS; round++) {
      const wanted = await readWanted();
      const existing = await readExisting();
      const { commands, unreadable } = difference(wanted, existing);
      changes.unreadable = unreadable;
      if (commands.length === 0) return changes;
      const replies = await this.#run(commands);
      changes.created += count(replies, 'createClient');
      changes.changed += count(replies, 'modifyClient');
      changes.deleted += count(replies, 'deleteClient');
      refusal = replies.find(({ error }) => error)?.error ?? '';
    }
    throw new Error(`The MQTT broker does not take the accounts: ${refusal}`);
  }

  async #readVehicles(ids?: string[]): Promise<Wanted> {
    const [rows] = await this.#options.pool.query<VehicleRow[]>(
      `SELECT id, password_cipher FROM vehicles
       WHERE state = 'registered' AND password_cipher IS NOT NULL${ids ? ' AND id IN (?)' : ''}`,
      ids && [ids],
    );
    return new Map(rows.map((row) => [row.id, this.#vehicleAccount(row)]));
  }

  #vehicleAccount({ id, password_cipher: sealed }: VehicleRow): Account {
    // The nonce in it makes the sealed password unlike any other: its hash tells nothing of the password.
    const fingerprint = createHash('sha256').update(sealed).digest('hex').slice(0, FINGERPRINT_LENGTH);
    return {
      fingerprint: VEHICLE_MARK + fingerprint,
      password: () => open(this.#options.secretsKey, sealed, passwordPlace(id)).toString(),
    };
  }

  #provisionAccount(): Account {
    const { provisionPassword, secretsKey } = this.#options;
    const mac = createHmac('sha256', secretsKey).update(provisionPassword).digest('hex');
    return {
      fingerprint: PROVISION_MARK + mac.slice(0, FINGERPRINT_LENGTH),
      password: () => provisionPassword,
    };
  }

  async #getAccounts(usernames: string[]): Promise<Existing> {
    const replies = await this.#run(usernames.map((username) => ({ command: 'getClient', username })));
    const clients = replies.flatMap(({ data }) => (data?.client ? [data.client as Client] : []));
    return new Map(clients.map(({ username, textname }) => [username, textname ?? '']));
  }

  async #listAccounts(): Promise<Existing> {
    const existing: Existing = new Map();
    for (let offset = 0; ; offset += LIST_PAGE) {
      const [reply] = await this.#run([{ command: 'listClients', verbose: true, count: LIST_PAGE, offset }]);
      const clients = reply?.data?.clients as Client[] | undefined;
      if (!clients) throw new Problem('unavailable', 'The MQTT broker did not list its accounts.');
      for (const { username, textname } of clients) existing.set(username, textname ?? '');
      if (clients.length < LIST_PAGE) return existing;
    }
  }

  async #run(commands: Command[]): Promise<Reply[]> {
    const { broker, batchSize } = this.#options;
    const replies: Reply[] = [];
    for (let start = 0; start < commands.length; start += batchSize) {
      replies.push(...(await broker.run(commands.slice(start, start + batchSize))));
    }
    return replies;
  }
}

interface Client {
  username: string;
  textname?: string;
}

/** What has to be done so that the accounts that exist become those that are wanted. */
function difference(wanted: Wanted, existing: Existing): { commands: Command[]; unreadable: string[] } {
  const commands: Command[] = [];
  const unreadable: string[] = [];
  for (const [username, account] of wanted) {
    const textname = existing.get(username);
    if (textname === account.fingerprint) continue;
    const command = textname === undefined ? 'createClient' : 'modifyClient';
    try {
      commands.push({ command, username, password: account.password(), textname: account.fingerprint });
    } catch {
      unreadable.push(username);
    }
  }
  for (const [username, textname] of existing) {
    if (textname.startsWith(VEHICLE_MARK) && !wanted.has(username)) {
      commands.push({ command: 'deleteClient', username });
    }
  }
  return { commands, unreadable };
}

const count = (replies: Reply[], command: string) =>
  replies.filter((reply) => reply.command === command && !reply.error).length;
