import assert from 'node:assert/strict';
import type { PoolConnection } from 'mysql2/promise';
import { insertRows, isDataError, type Row } from '../../../../nodes/batch-store/insert.ts';
import type { Item } from '../../../../nodes/shared/ingest/batch.ts';

const STATEMENT = { head: 'INSERT ', tail: '' };
const rowsOf = (...names: string[]): Row[] =>
  names.map((name) => ({ item: { topic: name } as Item, sql: `(${name})` }));

/** A server that refuses statements that hold a bad row. */
function server(refuses: (sql: string) => object | undefined) {
  const statements: string[] = [];
  const stored: string[] = [];
  const query = async ({ sql }: { sql: string }) => {
    statements.push(sql);
    const error = refuses(sql);
    if (error) throw Object.assign(new Error('refused'), error);
    const rows = sql.match(/\(\w+\)/g)!;
    stored.push(...rows);
    return [{ affectedRows: rows.length - rows.filter((row) => row === '(again)').length }];
  };
  return { connection: { query } as unknown as PoolConnection, statements, stored };
}

describe('inserting the rows of a batch', () => {
  it('takes one statement', async () => {
    const { connection, statements } = server(() => undefined);
    await insertRows(connection, STATEMENT, rowsOf('a', 'b', 'c'), 1_000);
    assert.deepEqual(statements, ['INSERT (a),(b),(c)']);
  });

  it('takes several where one would be larger than allowed', async () => {
    const { connection, statements } = server(() => undefined);
    await insertRows(connection, STATEMENT, rowsOf('a', 'b', 'c'), 8);
    assert.deepEqual(statements, ['INSERT (a),(b)', 'INSERT (c)']);
  });

  it('sends a row that is larger than allowed by itself', async () => {
    const { connection, statements } = server(() => undefined);
    await insertRows(connection, STATEMENT, rowsOf('aaaaaaaa', 'b'), 4);
    assert.equal(statements.length, 2);
  });

  it('counts the rows that were there already', async () => {
    const { connection } = server(() => undefined);
    const { duplicates } = await insertRows(connection, STATEMENT, rowsOf('a', 'again', 'again'), 1_000);
    assert.equal(duplicates, 2);
  });

  it('finds the rows that the server refuses, and stores all others', async () => {
    const names = Array.from({ length: 64 }, (_, index) =>
      index === 5 || index === 40 ? 'bad' : `row${index}`,
    );
    const { connection, stored, statements } = server((sql) =>
      sql.includes('bad') ? { errno: 1406, sqlState: '22001' } : undefined,
    );
    const { unstorable } = await insertRows(connection, STATEMENT, rowsOf(...names), 100_000);
    assert.deepEqual(
      unstorable.map(({ topic }) => topic),
      ['bad', 'bad'],
    );
    assert.equal(stored.length, 62);
    assert.ok(statements.length <= 30, String(statements.length));
  });

  it('does not blame rows for the trouble of the server', async () => {
    for (const trouble of [
      { errno: 1213, sqlState: '40001' },
      { errno: 1205, sqlState: 'HY000' },
      { errno: 1290, sqlState: 'HY000' },
      { errno: 1021, sqlState: 'HY000' },
      { errno: 1114, sqlState: 'HY000' },
      { errno: 1146, sqlState: '42S02' },
      { code: 'ECONNRESET' },
    ]) {
      const { connection, statements } = server(() => trouble);
      await assert.rejects(insertRows(connection, STATEMENT, rowsOf('a', 'b'), 1_000), trouble);
      assert.equal(statements.length, 1);
    }
  });

  it('knows the data errors of both servers', () => {
    for (const [errno, sqlState] of [
      [1264, '22003'],
      [1406, '22001'],
      [1366, '22007'],
      [1366, 'HY000'],
      [1048, '23000'],
      [1452, '23000'],
      [3819, 'HY000'],
      [1265, '01000'],
    ]) {
      assert.ok(isDataError({ errno, sqlState }), `${errno} ${sqlState}`);
    }
  });
});
