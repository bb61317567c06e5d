/**
 * One supervisor a data directory. The lock is a socket in Linux's abstract namespace (unix(7)): the kernel
 * drops it with the process that holds it, however that ends, so that nothing stale is ever left behind.
 * Who finds it taken asks the holder who it is.
 */
import { createHash } from 'node:crypto';
import { connect, createServer, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** What the holder answers. */
export interface Holder {
  pid: number;
  /** It is about to end: its lock is worth waiting for. */
  leaving: boolean;
}

export interface Lock {
  release(): Promise<void>;
}

const ASK_TIMEOUT = 2_000;
const LEAVING_PATIENCE = 40_000;
const RETRY = 100;

/**
 * Takes the lock of a data directory, waiting for a holder that is leaving.
 * @param dataDir absolute, symbolic links resolved
 * @param leaving asked whenever somebody else wants the lock
 * @returns the lock, or its holder
 */
export async function acquireLock(dataDir: string, leaving: () => boolean): Promise<Lock | Holder> {
  const address = lockAddress(dataDir);
  const deadline = Date.now() + LEAVING_PATIENCE;
  for (;;) {
    const server = await listen(address, leaving);
    if (server) return { release: () => new Promise((resolve) => server.close(() => resolve())) };
    const holder = await ask(address);
    if (holder && (!holder.leaving || Date.now() > deadline)) return holder;
    await delay(RETRY);
  }
}

export function isLock(result: Lock | Holder): result is Lock {
  return 'release' in result;
}

function lockAddress(dataDir: string): string {
  return `\0cauce-${createHash('sha256').update(dataDir).digest('hex').slice(0, 32)}`;
}

function listen(address: string, leaving: () => boolean): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.end(JSON.stringify({ pid: process.pid, leaving: leaving() } satisfies Holder));
    });
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    // It does not keep a process alive that has nothing else to do.
    server.listen(address, () => resolve(server)).unref();
  });
}

/** undefined: the holder has gone meanwhile. One that does not answer is there all the same, without a pid. */
function ask(address: string): Promise<Holder | undefined> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(address);
    socket.setTimeout(ASK_TIMEOUT, () => {
      socket.destroy();
      resolve({ pid: 0, leaving: false });
    });
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('error', () => resolve(undefined));
    socket.on('end', () => resolve(answer ? JSON.parse(answer) : undefined));
  });
}
