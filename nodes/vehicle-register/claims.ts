/**
 * Who may have an account: a claim is checked against the vehicle's row and used up in it. The row is written
 * by one statement that names the code and that it is unused, so two requests cannot both win.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Pool, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import type { ProblemCode } from '../shared/catalogue.ts';
import { hashClaimCode } from '../shared/claim-code.ts';
import { open, seal } from '../shared/secret-box.ts';
import { passwordPlace } from '../shared/vehicle-accounts.ts';

/** The payload of `provision/request`. */
export interface ClaimRequest {
  request_id: string;
  client_id: string;
  vehicle_id: string;
  claim_code: string;
}

export interface Refusal {
  refused: ProblemCode;
  /** There is such a vehicle, which the answer must not tell. */
  known: boolean;
}
/** `first`: the account is new; otherwise the same request was heard again. */
export type Decision = { username: string; password: string; first: boolean } | Refusal;

interface ClaimRow extends RowDataPacket {
  no: number;
  claim_hash: Buffer | null;
  claim_request: string | null;
  password_cipher: Buffer | null;
  expired: 0 | 1;
}

const PASSWORD_BYTES = 32;
const NO_HASH = Buffer.alloc(32);

/**
 * Decides one claim. The same request again, until the code expires, gets the same account again; an unknown
 * vehicle and a wrong code cannot be told apart.
 */
export async function decideClaim(pool: Pool, secretsKey: Buffer, request: ClaimRequest): Promise<Decision> {
  const { vehicle_id: id, request_id, client_id } = request;
  const hash = hashClaimCode(request.claim_code);
  const asker = `${request_id} ${client_id}`;

  const row = await readClaim(pool, id);
  const right = timingSafeEqual(row?.claim_hash ?? NO_HASH, hash);
  if (!row || !right) return { refused: 'invalid_claim', known: row !== undefined };
  if (row.claim_request !== null) return again(row);
  if (row.expired) return { refused: 'claim_expired', known: true };

  const password = randomBytes(PASSWORD_BYTES).toString('base64url');
  const sealed = seal(secretsKey, password, passwordPlace(id));
  const [{ affectedRows }] = await pool.query<ResultSetHeader>(
    `UPDATE vehicles
     SET state = 'registered', claim_request = ?, password_cipher = ?, version = version + 1,
         registered_at = UTC_TIMESTAMP(3), revoked_at = NULL
     WHERE no = ? AND claim_hash = ? AND claim_request IS NULL AND claim_expires_at > UTC_TIMESTAMP(3)`,
    [asker, sealed, row.no, hash],
  );
  if (affectedRows === 1) return { username: id, password, first: true };

  // Somebody was quicker: another request with the same code, a new code, a revocation.
  return decideClaim(pool, secretsKey, request);

  function again({ claim_request, expired, password_cipher }: ClaimRow): Decision {
    if (claim_request !== asker || expired || !password_cipher) return { refused: 'claim_used', known: true };
    return {
      username: id,
      password: open(secretsKey, password_cipher, passwordPlace(id)).toString(),
      first: false,
    };
  }
}

async function readClaim(pool: Pool, id: string): Promise<ClaimRow | undefined> {
  const [[row]] = await pool.query<ClaimRow[]>(
    `SELECT no, claim_hash, claim_request, password_cipher, claim_expires_at <= UTC_TIMESTAMP(3) AS expired
     FROM vehicles WHERE id = ?`,
    [id],
  );
  return row;
}
