/** Hashes a password, or compares one. The plaintext leaves the message here. */

import type { Controller } from '../shared/node.ts';
import { hashPassword, verifyPassword } from '../shared/passwords.ts';
import { Problem } from '../shared/problem.ts';
import type { Message } from '../shared/red.ts';
import { Gate } from './gate.ts';

export interface PasswordConfig {
  action: 'hash' | 'verify';
}

type Members = Record<string, unknown>;

/** Half of libuv's four threads: the other half goes on reading files and resolving names. */
const AT_ONCE = 2;
/** About two seconds of waiting. */
const QUEUE_LENGTH = 100;

// All password nodes together.
const gate = new Gate(AT_ONCE, QUEUE_LENGTH);

export class PasswordController implements Controller {
  readonly #action: PasswordConfig['action'];

  constructor({ action }: PasswordConfig) {
    if (action !== 'hash' && action !== 'verify') throw new Error(`There is no action named ${action}.`);
    this.#action = action;
    // Prepares the hash that an unknown user's password is compared with, so that not even the first one is slower.
    if (action === 'verify') void verifyPassword(undefined, '');
  }

  async input(message: Message): Promise<Message> {
    const password = takePassword(message);
    return this.#action === 'hash' ? hash(message, password) : verify(message, password);
  }
}

async function hash(message: Message, password: string | undefined): Promise<Message> {
  const payload = message.payload as Members;
  payload.password_hash = password === undefined ? null : await gate.run(() => hashPassword(password));
  return message;
}

async function verify(message: Message, password: string | undefined): Promise<Message> {
  const user = [message.payload].flat()[0] as Members | undefined;
  const stored = user?.password_hash;
  const known = typeof stored === 'string' ? stored : undefined;
  if (!(await gate.run(() => verifyPassword(known, password ?? ''))))
    throw new Problem('invalid_credentials');
  const { password_hash, ...rest } = user!;
  message.payload = rest;
  return message;
}

/** Removes the password wherever a message of `api in` has it. */
function takePassword(message: Message): string | undefined {
  const { payload, request, req } = message as Record<string, { body?: unknown } | undefined>;
  const places = [payload, request?.body, req?.body].filter(
    (place): place is Members => typeof place === 'object' && place !== null,
  );
  const found = places.map((place) => place.password).find((value) => typeof value === 'string');
  for (const place of places) delete place.password;
  return found as string | undefined;
}
