import assert from 'node:assert/strict';
import type { PoolHandle } from '../../../../nodes/shared/mysql.ts';
import type { Problem } from '../../../../nodes/shared/problem.ts';
import { type StatementConfig, TransactionController } from '../../../../nodes/transaction/controller.ts';

/** Answers each statement in turn, and writes down what it was asked. */
class Database {
  readonly log: unknown[] = [];
  readonly #results: unknown[];

  constructor(...results: unknown[]) {
    this.#results = results;
  }

  open = (): PoolHandle => {
    const connection = {
      beginTransaction: async () => void this.log.push('begin'),
      commit: async () => void this.log.push('commit'),
      rollback: async () => void this.log.push('rollback'),
      release: () => void this.log.push('release'),
      destroy: () => void this.log.push('destroy'),
      execute: async (text: string, values: unknown[]) => {
        this.log.push([text, values]);
        const result = this.#results.shift();
        if (result instanceof Error) throw result;
        return [result];
      },
    };
    return {
      pool: { getConnection: async () => connection },
      close: async () => {},
    } as unknown as PoolHandle;
  };
}

const changed = (affectedRows: number, insertId = 0) => ({ affectedRows, insertId });
const run = (database: Database, statements: StatementConfig[], payload: object = {}) =>
  new TransactionController({ database: '', statements }, database.open).input({ payload });
const code = (expected: string) => (error: unknown) => (error as Problem).code === expected;

describe('the transaction node', () => {
  it('runs all statements with one commit', async () => {
    const database = new Database(changed(1, 7), [{ id: 7 }]);
    const message = await run(
      database,
      [{ sql: 'INSERT INTO t (a) VALUES (:a)', name: 'insert' }, { sql: 'SELECT id FROM t WHERE a = :a' }],
      { a: 1 },
    );
    assert.deepEqual(database.log, [
      'begin',
      ['INSERT INTO t (a) VALUES (?)', [1]],
      ['SELECT id FROM t WHERE a = ?', [1]],
      'commit',
      'release',
    ]);
    assert.deepEqual(message.results, { insert: { affected: 1, inserted_id: 7 }, statement_2: [{ id: 7 }] });
    assert.deepEqual(message.payload, [{ id: 7 }]);
  });

  it('sends the rows of the last statement that had rows', async () => {
    const database = new Database([{ id: 1 }], [{ id: 2 }], changed(1));
    const statements = ['SELECT 1', 'SELECT 2', 'DELETE FROM t'].map((sql) => ({ sql }));
    assert.deepEqual((await run(database, statements)).payload, [{ id: 2 }]);
  });

  it('is undone when an expected row is missing, with the problem that was named for it', async () => {
    for (const result of [[], changed(0)]) {
      const database = new Database(changed(1), result, changed(1));
      const statements: StatementConfig[] = [
        { sql: 'DELETE FROM a' },
        { sql: 'SELECT 1', expect: 'row', otherwise: 'conflict' },
        { sql: 'DELETE FROM b' },
      ];
      await assert.rejects(run(database, statements), code('conflict'));
      assert.deepEqual(database.log.slice(-2), ['rollback', 'release']);
      assert.equal(database.log.length, 5);
    }
    await assert.rejects(
      run(new Database([]), [{ sql: 'SELECT 1', expect: 'row', otherwise: '' }]),
      code('not_found'),
    );
  });

  it('is undone when If-Match names another version, and only then', async () => {
    const statement = { sql: 'SELECT version FROM t FOR UPDATE', ifMatch: true };
    const at = (version: number, if_match: number | null) =>
      run(new Database([{ version }]), [statement], { if_match });
    await at(3, 3);
    await at(3, null);
    await assert.rejects(at(3, 2), code('precondition_failed'));
    await assert.rejects(at(3, -1), code('precondition_failed'));
  });

  it('is run again when it was the victim of a deadlock', async () => {
    const deadlock = Object.assign(new Error('Deadlock'), { errno: 1213, code: 'ER_LOCK_DEADLOCK' });
    const database = new Database(deadlock, changed(1));
    await run(database, [{ sql: 'DELETE FROM t' }]);
    assert.equal(database.log.filter((entry) => entry === 'begin').length, 2);
    assert.equal(database.log.at(-2), 'commit');
  });

  it('passes the errors of the database on', async () => {
    const duplicate = Object.assign(new Error('Duplicate'), { errno: 1062, code: 'ER_DUP_ENTRY' });
    await assert.rejects(
      run(new Database(duplicate), [{ sql: 'INSERT INTO t VALUES (1)' }]),
      code('ER_DUP_ENTRY'),
    );
  });

  it('cannot be deployed with statements that cannot work', () => {
    const deploy = (statements: StatementConfig[]) => () =>
      new TransactionController({ database: '', statements }, new Database().open);
    assert.throws(deploy([]), /no statements/);
    assert.throws(deploy([{ sql: ' ' }]), /empty/);
    assert.throws(deploy([{ sql: 'SELECT ?' }]), /question mark/);
    assert.throws(deploy([{ sql: 'SELECT 1', otherwise: 'no_such_code' }]), /no problem with the code/);
    assert.throws(
      deploy([
        { sql: 'SELECT 1', name: 'a' },
        { sql: 'SELECT 2', name: 'a' },
      ]),
      /named a/,
    );
  });
});
