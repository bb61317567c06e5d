/** The log files of what runs beside us, under `DATA_DIR/log`. */
import {
  closeSync,
  copyFileSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { join } from 'node:path';

const TAIL_BYTES = 2_000;
const ROTATE_BYTES = 10 * 1024 * 1024;

/** The path of a log file; its directory is made. */
export function logFile(dataDir: string, name: string): string {
  mkdirSync(join(dataDir, 'log'), { recursive: true, mode: 0o700 });
  return join(dataDir, 'log', `${name}.log`);
}

/**
 * Moves the content of each log of more than 10 MiB to `<name>.log.1`, in the place of what was there. The program
 * goes on writing to the file that it has open, which is why the file stays and is emptied; a line that it writes
 * between the two steps is lost.
 */
export function rotateLogs(dataDir: string, limit = ROTATE_BYTES): void {
  const directory = join(dataDir, 'log');
  for (const name of readdirSync(directory).filter((entry) => entry.endsWith('.log'))) {
    const file = join(directory, name);
    if (statSync(file).size <= limit) continue;
    copyFileSync(file, `${file}.1`);
    truncateSync(file);
  }
}

/** The last lines of a file, for an error message. */
export function tail(file: string): string {
  const handle = openSync(file, 'r');
  try {
    const { size } = fstatSync(handle);
    const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(handle, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8').trimEnd().split('\n').slice(-15).join('\n');
  } finally {
    closeSync(handle);
  }
}
