import assert from 'node:assert/strict';
import fc from 'fast-check';
import { bindSql, compileSql } from '../../../../nodes/shared/sql.ts';

describe('a statement with named parameters', () => {
  it('becomes one with question marks, and the names in their order', () => {
    const sql = compileSql('UPDATE t SET a = :a, b = :b WHERE id = :id AND a <> :a');
    assert.equal(sql.text, 'UPDATE t SET a = ?, b = ? WHERE id = ? AND a <> ?');
    assert.deepEqual(sql.names, ['a', 'b', 'id', 'a']);
  });

  const untouched = [
    ['a text', "SELECT ':a', 'it''s :a', 'c:\\' :a'"],
    ['a text in double quotes', 'SELECT ":a", "say "":a"""'],
    ['a quoted name', 'SELECT `x:a` FROM `odd``:name`'],
    ['a comment to the end of the line', 'SELECT 1 -- :a\n# :b?\n'],
    ['a comment in the middle', 'SELECT /* :a ? \n */ 1'],
    ['an assignment', 'SELECT @x:=1'],
    ['a time in a text', "SELECT '10:30:00?'"],
  ] as const;
  for (const [what, text] of untouched) {
    it(`leaves ${what} alone`, () => assert.deepEqual(compileSql(text), { text, names: [] }));
  }

  it('takes two hyphens without a space for arithmetic, as MySQL does', () => {
    assert.deepEqual(compileSql('SELECT 1--:a').names, ['a']);
  });

  it('refuses a question mark of its own, which would take the place of a value', () => {
    assert.throws(() => compileSql('SELECT ? + :a'), SyntaxError);
  });

  it('refuses quotes and comments that do not end', () => {
    for (const text of ["SELECT 'a", 'SELECT "a', 'SELECT `a', 'SELECT /* a', "SELECT 'a\\'"]) {
      assert.throws(() => compileSql(text), SyntaxError, text);
    }
  });

  it('refuses an empty statement', () => assert.throws(() => compileSql(' \n'), SyntaxError));

  it('finds every parameter between arbitrary texts and comments', () => {
    const safe = fc.string().map((text) => text.replace(/['\\*/]/g, ''));
    fc.assert(
      fc.property(fc.array(fc.tuple(safe, fc.stringMatching(/^[a-z]{1,8}$/)), { minLength: 1 }), (parts) => {
        const text = parts.map(([noise, name]) => `'${noise}' /*${noise}*/ :${name}`).join(', ');
        const compiled = compileSql(text);
        assert.deepEqual(
          compiled.names,
          parts.map(([, name]) => name),
        );
        assert.equal(compiled.text, parts.map(([noise]) => `'${noise}' /*${noise}*/ ?`).join(', '));
      }),
    );
  });
});

describe('the values of a statement', () => {
  const sql = compileSql('SELECT :a, :b, :a');

  it('stand in the order of the question marks', () => {
    assert.deepEqual(bindSql(sql, { a: 1, b: null }), [1, null, 1]);
  });

  it('are refused when one is missing, and when it would only come from a prototype', () => {
    assert.throws(() => bindSql(sql, { a: 1 }), /has no b/);
    assert.throws(() => bindSql(compileSql('SELECT :toString'), {}), /has no toString/);
  });

  it('are refused when one is an object, which a driver would spread', () => {
    assert.throws(() => bindSql(sql, { a: 1, b: { c: 1 } }), /is an object/);
    assert.throws(() => bindSql(sql, { a: 1, b: [1] }), /is an object/);
  });
});
