/**
 * Programs of a former run that was killed with -9. They still hold our data and perhaps our ports. A process
 * is only ever touched when it is one of the programs that we start and names our data directory: pid files
 * lie after a reboot, /proc does not.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const SERVERS = ['mariadbd', 'mysqld', 'redis-server', 'mosquitto'];
/** Node-RED gives its process this title. */
const RUNTIME = 'node-red';
const STOP_TIMEOUT = 15_000;

export interface Leftover {
  pid: number;
  program: string;
}

/** What still runs on this data directory. */
export function findLeftovers(dataDir: string): Leftover[] {
  const escaped = dataDir.replace(/[^\w/]/g, '\\$&');
  // What the servers get, as whole names: /x/.data is neither /x/.data2 nor what somebody else keeps inside it.
  const serves = new RegExp(`(^|[=\\0"])${escaped}/(mysql|mysql\\.new|redis|mosquitto\\.conf)($|[/\\0"])`);
  const runsOn = new RegExp(`(^|\\0)DATA_DIR=${escaped}(\\0|$)`);
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .flatMap((entry) => {
      const commandLine = readProc(() => readFileSync(`/proc/${entry}/cmdline`, 'utf8'));
      const program = basename(commandLine.split('\0', 1)[0]!.split(' ', 1)[0]!);
      let ours = false;
      if (SERVERS.includes(program)) {
        // redis-server rewrites its command line, but stays in its directory
        ours = serves.test(commandLine) || serves.test(readProc(() => readlinkSync(`/proc/${entry}/cwd`)));
      } else if (program === RUNTIME || commandLine.includes('/node-red/red.js')) {
        ours = runsOn.test(readProc(() => readFileSync(`/proc/${entry}/environ`, 'utf8')));
      }
      return ours ? [{ pid: Number(entry), program }] : [];
    });
}

/** Stops what still runs on this data directory, runtime first, and answers what it was. */
export async function stopLeftovers(dataDir: string): Promise<Leftover[]> {
  const leftovers = findLeftovers(dataDir);
  const isServer = ({ program }: Leftover) => SERVERS.includes(program);
  await Promise.all(leftovers.filter((leftover) => !isServer(leftover)).map(end));
  await Promise.all(leftovers.filter(isServer).map(end));
  return leftovers;
}

async function end({ pid }: Leftover): Promise<void> {
  const deadline = Date.now() + STOP_TIMEOUT;
  send(pid, 'SIGCONT');
  send(pid, 'SIGTERM');
  while (send(pid, 0)) {
    if (Date.now() > deadline) send(pid, 'SIGKILL');
    await delay(50);
  }
}

/** Whether there was somebody to send it to. */
function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return readProc(() => readFileSync(`/proc/${pid}/stat`, 'utf8')).match(/\) (\w)/)?.[1] !== 'Z';
  } catch {
    return false;
  }
}

/** A process may end while it is looked at, or belong to somebody else. */
function readProc(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
