/** Mosquitto's dynamic security plugin in memory: the commands that Cauce sends, with the plugin's sentences. */
import type { Command, Reply } from '../../../nodes/shared/dynsec.ts';

interface Account {
  password: string;
  textname?: string;
}

export class BrokerAccounts {
  readonly accounts = new Map<string, Account>();
  /** The numbers of commands that arrived together. */
  readonly batches: number[] = [];
  /** Every command that changed something, as `command username`. */
  readonly changes: string[] = [];
  /** Called before each batch, to get in between or to fail. */
  before: (commands: Command[]) => void = () => {};

  async run(commands: Command[]): Promise<Reply[]> {
    this.before(commands);
    this.batches.push(commands.length);
    return commands.map((command) => this.#run(command));
  }

  #run({ command, ...given }: Command): Reply {
    const username = given.username as string;
    const account = this.accounts.get(username);
    switch (command) {
      case 'createClient':
        if (account) return { command, error: 'Client already exists' };
        this.accounts.set(username, given as unknown as Account);
        break;
      case 'modifyClient':
        if (!account) return { command, error: 'Client not found' };
        Object.assign(account, given);
        break;
      case 'deleteClient':
        if (!account) return { command, error: 'Client not found' };
        this.accounts.delete(username);
        break;
      case 'getClient':
        if (!account) return { command, error: 'Client not found' };
        return { command, data: { client: { username, textname: account.textname } } };
      case 'listClients':
        return { command, data: { clients: this.#list(given as { count: number; offset: number }) } };
      default:
        return { command, error: 'Unknown command' };
    }
    this.changes.push(`${command} ${username}`);
    return { command };
  }

  #list({ count, offset }: { count: number; offset: number }) {
    const clients = [...this.accounts].map(([username, { textname }]) => ({ username, textname }));
    return clients.slice(offset, offset + count);
  }
}
