/**
 * `Idempotency-Key`: a POST that is sent again because its answer got lost gets that answer, and happens once.
 * The key is taken by a row before the flow runs; the answer is kept in it before it is sent.
 */
import { createHash } from 'node:crypto';
import type { Pool, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import { Problem } from '../problem.ts';
import { open, seal } from '../secret-box.ts';
import type { Answer } from './exchange.ts';

/** How long an answer is kept. */
export const KEEP_HOURS = 24;
/** A first request that has not answered by then has crashed, and its key is free. Above every deadline. */
export const LEASE_SECONDS = 120;

const PURGE_EVERY_MS = 10 * 60_000;
const PURGE_ROWS = 1_000;
const KEY = /^[\x20-\x7e]{1,255}$/;

export interface IdempotentRequest {
  userId: number | null;
  method: string;
  /** As sent, with the query. */
  url: string;
  key: string;
  body: Buffer;
}

/** The first request: it runs, and hands its answer over. Any other: the answer that was given. */
export type Claim =
  | { first: true; settle: (answer: Answer) => Promise<void> }
  | { first: false; answer: Answer };

export class Idempotency {
  readonly #key: Buffer;
  #purgedAt = 0;

  /** @param secretsKey 32 bytes */
  constructor(secretsKey: Buffer) {
    this.#key = secretsKey;
  }

  /** @throws Problem `bad_request`, `idempotency_mismatch`, `idempotency_in_progress` */
  async claim(pool: Pool, request: IdempotentRequest): Promise<Claim> {
    if (!KEY.test(request.key)) {
      throw new Problem('bad_request', 'Idempotency-Key holds 1 to 255 printable ASCII characters.');
    }
    this.#purge(pool);
    const { userId, method, url, key } = request;
    const scope = sha256(JSON.stringify([userId, method, url, key]));
    const body = sha256(request.body);
    if (await take(pool, scope, body)) return this.#first(pool, scope);

    const [rows] = await pool.execute<RowDataPacket[]>(
      'SELECT body_hash, answer FROM idempotency_keys WHERE scope_hash = ?',
      [scope],
    );
    const row = rows[0];
    if (row && !body.equals(row.body_hash)) throw new Problem('idempotency_mismatch');
    if (!row?.answer) throw new Problem('idempotency_in_progress', undefined, { retryAfter: 1 });
    return { first: false, answer: this.#open(row.answer, scope) };
  }

  #first(pool: Pool, scope: Buffer): Claim {
    const settle = async (answer: Answer) => {
      if (answer.status < 500) {
        const box = this.#seal(answer, scope);
        await pool.execute('UPDATE idempotency_keys SET answer = ? WHERE scope_hash = ?', [box, scope]);
      } else if (!isNoAnswer(answer)) {
        // Nothing happened that should not happen again. After `no_answer` the flow may still be at work: then
        // the key stays taken for the rest of its lease.
        await pool.execute('DELETE FROM idempotency_keys WHERE scope_hash = ?', [scope]);
      }
    };
    return { first: true, settle };
  }

  #seal({ status, headers, body }: Answer, scope: Buffer): Buffer {
    const text = body === undefined ? null : Buffer.from(body).toString('base64');
    return seal(this.#key, JSON.stringify({ status, headers, body: text }), aadOf(scope));
  }

  #open(box: Buffer, scope: Buffer): Answer {
    const { status, headers, body } = JSON.parse(open(this.#key, box, aadOf(scope)).toString());
    return { status, headers, ...(body !== null && { body: Buffer.from(body, 'base64') }) };
  }

  /** Forgets old answers, a few at a time, beside the request. */
  #purge(pool: Pool): void {
    if (Date.now() - this.#purgedAt < PURGE_EVERY_MS) return;
    this.#purgedAt = Date.now();
    pool
      .execute(
        `DELETE FROM idempotency_keys
         WHERE create_date < UTC_TIMESTAMP(3) - INTERVAL ${KEEP_HOURS} HOUR LIMIT ${PURGE_ROWS}`,
      )
      // The next one tries again; the request itself will tell when the database is away.
      .catch(() => {});
  }
}

/** Takes the key when it is new, its first request crashed, or its answer is old. Each is one statement, so there is one winner. */
async function take(pool: Pool, scope: Buffer, body: Buffer): Promise<boolean> {
  try {
    await pool.execute('INSERT INTO idempotency_keys (scope_hash, body_hash) VALUES (?, ?)', [scope, body]);
    return true;
  } catch (error) {
    // Told by the error: a no-op `ON DUPLICATE KEY UPDATE` counts as one row too, as the driver counts found rows.
    if ((error as { code?: string }).code !== 'ER_DUP_ENTRY') throw error;
  }
  const [taken] = await pool.execute<ResultSetHeader>(
    `UPDATE idempotency_keys SET body_hash = ?, answer = NULL, create_date = UTC_TIMESTAMP(3)
     WHERE scope_hash = ? AND (
       (answer IS NULL AND create_date < UTC_TIMESTAMP(3) - INTERVAL ${LEASE_SECONDS} SECOND)
       OR create_date < UTC_TIMESTAMP(3) - INTERVAL ${KEEP_HOURS} HOUR)`,
    [body, scope],
  );
  return taken.affectedRows === 1;
}

function isNoAnswer({ body }: Answer): boolean {
  return body !== undefined && JSON.parse(body.toString()).code === 'no_answer';
}

function sha256(data: string | Buffer): Buffer {
  return createHash('sha256').update(data).digest();
}

function aadOf(scope: Buffer): string {
  return `idempotency_keys:${scope.toString('hex')}`;
}
