/**
 * Brings the broker's account of one vehicle in line with its row, at once. The row is what counts: where the
 * broker is away the message goes on, and the account follows when the broker is back.
 */
import type { Controller } from '../shared/node.ts';
import { Problem } from '../shared/problem.ts';
import type { Message, NodeStatus } from '../shared/red.ts';

/** The part of `mqtt accounts` that is used here. */
export interface Accounts extends Controller {
  sync(vehicleIds: string[]): Promise<void>;
}

export interface VehicleAccountOptions {
  accounts: () => Accounts;
  idOf: (message: Message) => unknown;
  onStatus: (status: NodeStatus) => void;
}

export class VehicleAccount implements Controller {
  readonly #options: VehicleAccountOptions;

  constructor(options: VehicleAccountOptions) {
    this.#options = options;
  }

  async input(message: Message): Promise<Message> {
    const id = this.#options.idOf(message);
    if (typeof id !== 'string') throw new Problem('bad_request', 'The message names no vehicle.');
    try {
      await this.#options.accounts().sync([id]);
      this.#options.onStatus({});
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'unavailable') throw error;
      this.#options.onStatus({ fill: 'yellow', shape: 'ring', text: 'follows when the broker is back' });
    }
    return message;
  }
}
