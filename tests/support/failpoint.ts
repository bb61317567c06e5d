/**
 * Loaded into the runtime by a test (`NODE_OPTIONS=--import`): the process ends as by kill -9 at one exact
 * point of an ingest transaction. The file FAILPOINT_FILE holds `<point>:<count>`: the point, and how often
 * it is passed before. The product itself knows nothing of it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

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

type Send = (packet: { cmd: string }, ...more: unknown[]) => void;
const { MqttClient } = require('mqtt') as { MqttClient: { prototype: { _sendPacket: Send } } };
const send = MqttClient.prototype._sendPacket;
MqttClient.prototype._sendPacket = function (packet, ...more) {
  send.call(this, packet, ...more);
  if (packet.cmd === 'puback') pass('after-puback');
};
