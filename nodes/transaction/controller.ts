/** Several statements, one commit. All of them happen, or none. */
import type { PoolConnection, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import { catalogue, type ProblemCode } from '../shared/catalogue.ts';
import { inTransaction, type PoolHandle } from '../shared/mysql.ts';
import type { Controller } from '../shared/node.ts';
import { Problem } from '../shared/problem.ts';
import type { Message } from '../shared/red.ts';
import { bindSql, type CompiledSql, compileSql } from '../shared/sql.ts';

/** A statement as the form saves it. */
export interface StatementConfig {
  sql: string;
  /** `row`: it has to find or change at least one row; else the transaction is undone. */
  expect?: 'anything' | 'row';
  /** The problem when it does not; `not_found` where nothing is said. */
  otherwise?: string;
  /** The `version` of its first row has to be the one that `If-Match` named. */
  ifMatch?: boolean;
  /** Its result is `msg.results.<name>`; without one `statement_1` and so on. */
  name?: string;
}

export interface TransactionConfig {
  /** A `MySQLdatabase` config node. */
  database: string;
  statements: StatementConfig[];
}

/** What a statement without rows did. */
export interface Change {
  affected: number;
  inserted_id: number | null;
}

interface Statement {
  name: string;
  sql: CompiledSql;
  expectsRow: boolean;
  otherwise: ProblemCode;
  ifMatch: boolean;
}

type Rows = RowDataPacket[];

export class TransactionController implements Controller {
  readonly #handle: PoolHandle;
  readonly #statements: Statement[];

  /** @throws SyntaxError for SQL that does not compile, Error for settings that cannot work */
  constructor({ statements }: TransactionConfig, open: () => PoolHandle) {
    if (!statements?.length) throw new Error('There are no statements.');
    this.#statements = statements.map(compile);
    const names = this.#statements.map(({ name }) => name);
    const twice = names.find((name, index) => names.indexOf(name) < index);
    if (twice) throw new Error(`Two results are named ${twice}.`);
    this.#handle = open();
  }

  async input(message: Message): Promise<Message> {
    const parameters = (message.payload ?? {}) as Record<string, unknown>;
    const results = await inTransaction(this.#handle.pool, async (connection) => {
      const results: Record<string, Rows | Change> = {};
      for (const statement of this.#statements) {
        results[statement.name] = await run(connection, statement, parameters);
      }
      return results;
    });
    message.results = results;
    const rows = Object.values(results).filter(Array.isArray).at(-1);
    message.payload = rows ?? Object.values(results).at(-1);
    return message;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

function compile(statement: StatementConfig, index: number): Statement {
  const { sql, expect = 'anything', otherwise = 'not_found', ifMatch = false, name } = statement;
  const code = otherwise || 'not_found';
  if (!Object.hasOwn(catalogue, code)) throw new Error(`There is no problem with the code ${code}.`);
  return {
    // A letter first: an object keeps number-like keys in an order of its own.
    name: name || `statement_${index + 1}`,
    sql: compileSql(sql),
    expectsRow: expect === 'row',
    otherwise: code as ProblemCode,
    ifMatch,
  };
}

async function run(
  connection: PoolConnection,
  statement: Statement,
  parameters: Record<string, unknown>,
): Promise<Rows | Change> {
  const values = bindSql(statement.sql, parameters);
  const [result] = await connection.execute<Rows | ResultSetHeader>(statement.sql.text, values);
  const rows = Array.isArray(result) ? result : undefined;
  const count = rows ? rows.length : (result as ResultSetHeader).affectedRows;
  if (statement.expectsRow && count === 0) throw new Problem(statement.otherwise);
  if (statement.ifMatch) checkVersion(rows?.[0], parameters.if_match);
  return rows ?? changeOf(result as ResultSetHeader);
}

/** No row is no mismatch: that is what `expect` is for. */
function checkVersion(row: RowDataPacket | undefined, wanted: unknown): void {
  if (row === undefined || wanted === null || wanted === undefined) return;
  if (row.version === undefined)
    throw new Error('The statement that compares If-Match must select `version`.');
  if (Number(row.version) !== wanted) throw new Problem('precondition_failed');
}

function changeOf({ affectedRows, insertId }: ResultSetHeader): Change {
  return { affected: affectedRows, inserted_id: insertId || null };
}
