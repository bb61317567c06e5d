/** Makes a claim code: its hash and lifetime as SQL parameters, the code itself beside them. */
import { createClaimCode, hashClaimCode } from '../shared/claim-code.ts';
import type { Controller } from '../shared/node.ts';
import type { Message } from '../shared/red.ts';

const SECONDS_PER_HOUR = 3_600;

export class ClaimCode implements Controller {
  readonly #lifetimeSeconds: number;

  constructor(hours: number) {
    if (!(hours > 0)) throw new Error('A claim code has to live for more than 0 hours.');
    this.#lifetimeSeconds = hours * SECONDS_PER_HOUR;
  }

  input(message: Message): Message {
    const code = createClaimCode();
    return {
      ...message,
      claim_code: code,
      payload: {
        ...(message.payload as object),
        // Hexadecimal, for UNHEX(): a Buffer would not survive every node that clones messages.
        claim_hash: hashClaimCode(code).toString('hex'),
        claim_lifetime_s: this.#lifetimeSeconds,
      },
    };
  }
}
