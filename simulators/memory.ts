/**
 * What a device keeps over a restart: its login, and the registration that it has begun. One file a device,
 * readable by its owner only; a real device has a secure element or a file on its own flash.
 */
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Login {
  username: string;
  password: string;
  /** Kept, so that the broker knows the session; random, because whoever knows it can end the session. */
  client_id: string;
}

/** Kept before it is sent: when the answer is lost, the same request is repeated and gets the same answer. */
export interface Registration {
  request_id: string;
  client_id: string;
  claim_code: string;
}

export interface Memory {
  login?: Login;
  registration?: Registration;
}

export class MemoryStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async load(id: string): Promise<Memory> {
    try {
      return JSON.parse(await readFile(this.#file(id), 'utf8')) as Memory;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
      throw error;
    }
  }

  /** Atomic: after a crash there is the old content or the new one. */
  async save(id: string, memory: Memory): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await chmod(this.#folder, 0o700);
    const file = this.#file(id);
    await writeFile(`${file}.new`, JSON.stringify(memory), { mode: 0o600, flush: true });
    await rename(`${file}.new`, file);
  }

  async forget(id: string): Promise<void> {
    await rm(this.#file(id), { force: true });
  }

  #file(id: string): string {
    return join(this.#folder, `${id}.json`);
  }
}
