/**
 * Messages that the broker sends again, and that must leave no trace: neither a second row nor a newer arrival.
 * A new message is a new event, however equal, and DUP alone does not tell: after a reconnect a broker sets it
 * on all that it resends, delivered before or not.
 *
 * - DUP, and among the vehicle's newest rows the same content at the same time or, where it names no time,
 *   under the same packet identifier: that very message, since a resent PUBLISH keeps its identifier
 *   [MQTT-4.4.0-1].
 * - RETAIN, and equal to the newest row: the retained message, replayed because the subscription is new.
 */
import type { PoolConnection, RowDataPacket } from 'mysql2/promise';
import type { Item } from '../shared/ingest/batch.ts';
import { sqlName } from '../shared/ingest/sql-text.ts';
import { digest } from './digest.ts';
import { QUERY_TIMEOUT_MS, type Row } from './insert.ts';

const CONTENT_BYTES = 8;
const PACKET_BYTES = 2;
const ARRIVAL_BYTES = 6;
/** Of one vehicle, how far back a message that was in flight when the connection broke can lie. */
const NEWEST = 200;

/** @param content what the row says, without time and arrival @returns 16 bytes */
export function passingIdentity(item: Item, content: string): Buffer {
  const identity = Buffer.alloc(CONTENT_BYTES + PACKET_BYTES + ARRIVAL_BYTES);
  digest(content).copy(identity, 0, 0, CONTENT_BYTES);
  identity.writeUInt16BE(item.packetId, CONTENT_BYTES);
  identity.writeUIntBE(item.arrival % 2 ** 48, CONTENT_BYTES + PACKET_BYTES, ARRIVAL_BYTES);
  return identity;
}

/** The rows without those that are stored already. */
export async function withoutRedelivered(
  connection: PoolConnection,
  table: string,
  rows: Row[],
): Promise<Row[]> {
  const suspects = new Map<number, Row[]>();
  for (const row of rows) {
    const { redelivered, retained, vehicle_no } = row.item;
    if (!(redelivered || retained) || vehicle_no === undefined) continue;
    suspects.set(vehicle_no, [...(suspects.get(vehicle_no) ?? []), row]);
  }
  const known = new Set<Row>();
  for (const [vehicleNo, ofVehicle] of suspects) {
    const stored = await newest(connection, table, vehicleNo);
    for (const row of ofVehicle) if (isStored(row, stored)) known.add(row);
  }
  return known.size === 0 ? rows : rows.filter((row) => !known.has(row));
}

function isStored({ item, identity }: Row, stored: Buffer[]): boolean {
  const content = item.ts === null ? CONTENT_BYTES : identity!.length;
  if (item.retained) return stored[0] !== undefined && startsAlike(stored[0], identity!, content);
  const message = item.ts === null ? CONTENT_BYTES + PACKET_BYTES : identity!.length;
  return stored.some((other) => startsAlike(other, identity!, message));
}

const startsAlike = (a: Buffer, b: Buffer, bytes: number) =>
  a.subarray(0, bytes).equals(b.subarray(0, bytes));

async function newest(connection: PoolConnection, table: string, vehicleNo: number): Promise<Buffer[]> {
  const sql =
    `SELECT identity FROM ${sqlName(table)} WHERE vehicle_no = ${vehicleNo} ` +
    `ORDER BY arrival DESC LIMIT ${NEWEST}`;
  const [rows] = await connection.query<RowDataPacket[]>({ sql, timeout: QUERY_TIMEOUT_MS });
  return rows.map((row) => row.identity as Buffer);
}
