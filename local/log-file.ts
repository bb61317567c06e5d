/** The log files of what runs beside us, under `DATA_DIR/log`. */
import { closeSync, fstatSync, mkdirSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';

const TAIL_BYTES = 2_000;
const ROTATE_BYTES = 10 * 1024 * 1024;

/**
 * The path of a log file, its directory made. A file of more than 10 MiB becomes `<name>.log.1` first, in the
 * place of an older one: so the logs of a server never take more than about twice that between two starts.
 */
export function logFile(dataDir: string, name: string): string {
  const directory = join(dataDir, 'log');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, `${name}.log`);
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > ROTATE_BYTES) renameSync(file, `${file}.1`);
  return file;
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
