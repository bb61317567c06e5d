/**
 * Programs of a former run that was killed with -9. They still hold our data and perhaps our ports. A process
 * is only ever touched when it is one of the programs that we start and names our data directory: pid files
 * lie after a reboot, /proc does not.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const PROGRAMS = ['mariadbd', 'mysqld', 'redis-server', 'mosquitto'];
const RUNTIME = /\/node-red\/red\.js\0/;
const STOP_TIMEOUT = 15_000;

export interface Leftover {
  pid: number;
  program: string;
}

/** What still runs on this data directory. */
export function findLeftovers(dataDir: string): Leftover[] {
  // Followed by a separator or the end: /x/.data is not /x/.data2.
  const escaped = dataDir.replace(/[^\w/]/g, '\\$&');
  const ours = new RegExp(`(^|[=\\0"])${escaped}($|[/\\0"])`);
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .flatMap((entry) => {
      const commandLine = readProc(() => readFileSync(`/proc/${entry}/cmdline`, 'utf8'));
      const program = basename(commandLine.split('\0', 1)[0]!.split(' ', 1)[0]!);
      const evidence = PROGRAMS.includes(program)
        ? // redis-server rewrites its command line, but stays in its directory
          [commandLine, readProc(() => readlinkSync(`/proc/${entry}/cwd`))]
        : RUNTIME.test(commandLine)
          ? [readProc(() => readFileSync(`/proc/${entry}/environ`, 'utf8'))]
          : [];
      return evidence.some((text) => ours.test(text)) ? [{ pid: Number(entry), program }] : [];
    });
}

/** Stops what still runs on this data directory, runtime first, and answers what it was. */
export async function stopLeftovers(dataDir: string): Promise<Leftover[]> {
  const leftovers = findLeftovers(dataDir);
  const servers = leftovers.filter((leftover) => PROGRAMS.includes(leftover.program));
  await Promise.all(leftovers.filter((leftover) => !servers.includes(leftover)).map(end));
  await Promise.all(servers.map(end));
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
