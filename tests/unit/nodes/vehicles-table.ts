/** The table `vehicles` in memory, for the few statements that registration runs on it. */
import type { Pool } from 'mysql2/promise';
import { hashClaimCode } from '../../../nodes/shared/claim-code.ts';

export interface VehicleRow {
  no: number;
  id: string;
  state: 'pending' | 'registered' | 'revoked';
  claim_hash: Buffer | null;
  claim_request: string | null;
  password_cipher: Buffer | null;
  expired: 0 | 1;
}

export class VehiclesTable {
  readonly rows = new Map<string, VehicleRow>();
  /** Called before each statement, to get in between. */
  before: (sql: string) => void = () => {};

  add(id: string, code: string): VehicleRow {
    const row: VehicleRow = {
      no: this.rows.size + 1,
      id,
      state: 'pending',
      claim_hash: hashClaimCode(code),
      claim_request: null,
      password_cipher: null,
      expired: 0,
    };
    this.rows.set(id, row);
    return row;
  }

  readonly pool = {
    query: async (sql: string, values: unknown[] = []) => {
      this.before(sql);
      const run = statements.find(([start]) => sql.startsWith(start));
      if (!run) throw new Error(`The table does not know the statement ${sql}`);
      return [run[1]([...this.rows.values()], values)];
    },
  } as unknown as Pool;
}

const statements: Array<[string, (rows: VehicleRow[], values: unknown[]) => unknown]> = [
  ['SELECT no, claim_hash', (rows, [id]) => rows.filter((row) => row.id === id).map((row) => ({ ...row }))],
  [
    'UPDATE vehicles',
    (rows, [request, sealed, no, hash]) => {
      const row = rows.find((candidate) => candidate.no === no);
      if (!row?.claim_hash?.equals(hash as Buffer) || row.claim_request !== null || row.expired) {
        return { affectedRows: 0 };
      }
      Object.assign(row, { state: 'registered', claim_request: request, password_cipher: sealed });
      return { affectedRows: 1 };
    },
  ],
  [
    'SELECT id, password_cipher',
    (rows, [ids]) =>
      rows
        .filter((row) => row.state === 'registered' && row.password_cipher)
        .filter((row) => !ids || (ids as string[]).includes(row.id))
        .map((row) => ({ ...row })),
  ],
];
