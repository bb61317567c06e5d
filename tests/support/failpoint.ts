/**
 * Loaded into the runtime by a test (`NODE_OPTIONS=--import`): the process ends as by kill -9 at one exact
 * point of an ingest transaction. The file FAILPOINT_FILE holds `<point>:<count>`: the point, and how often
 * it is passed before. The product itself knows nothing of it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';

const require = createRequire(import.meta.url);
const file = process.env.FAILPOINT_FILE;
const text = file && existsSync(file) ? readFileSync(file, 'utf8') : ':';
const [point, count] = text.split(':');
let left = Number(count);

function pass(here: string): void {
  if (here === point && left-- === 0) process.kill(process.pid, 'SIGKILL');
}

type Query = (
  sql: string | { sql: string },
  ...more: unknown[]
) => { on(event: 'end', listener: () => void): void };
const { prototype } = (require('mysql2') as { Connection: { prototype: { query: Query } } }).Connection;
const query = prototype.query;
prototype.query = function (sql, ...more) {
  const text = typeof sql === 'string' ? sql : (sql.sql ?? '');
  const statement = /^(INSERT INTO `telemetry`|COMMIT)/.exec(text)?.[1];
  const name = statement === 'COMMIT' ? 'commit' : 'insert';
  if (statement) pass(`before-${name}`);
  const command = query.call(this, sql, ...more);
  if (statement) command.on('end', () => pass(`after-${name}`));
  return command;
};

/** Type and length of a PUBACK that says "success" (MQTT 5, 3.4.2.1). */
const PUBACK = Buffer.of(0x40, 0x02);
type Write = (chunk: unknown, ...more: unknown[]) => boolean;
const sockets = Socket.prototype as unknown as { write: Write };
const write = sockets.write;
sockets.write = function (chunk, ...more) {
  const written = write.call(this, chunk, ...more);
  if (Buffer.isBuffer(chunk) && chunk.subarray(0, PUBACK.length).equals(PUBACK)) pass('after-puback');
  return written;
};
