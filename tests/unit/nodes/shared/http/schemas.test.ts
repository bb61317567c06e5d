import assert from 'node:assert/strict';
import { compileCheck } from '../../../../../nodes/shared/http/schemas.ts';
import type { Problem, Violation } from '../../../../../nodes/shared/problem.ts';
import type { JsonSchema } from '../../../../../nodes/shared/settings.ts';

function violations(check: (value: unknown) => void, value: unknown): Violation[] {
  try {
    check(value);
    return [];
  } catch (error) {
    assert.equal((error as Problem).code, 'schema');
    return (error as Problem).errors ?? [];
  }
}

const thing: JsonSchema = {
  type: 'object',
  required: ['name'],
  properties: {
    name: { type: 'string' },
    size: { type: 'integer', minimum: 1 },
    colour: { type: 'string', enum: ['red', 'green'] },
    parts: { type: 'array', items: { type: 'object', properties: { 'a/b': { type: 'boolean' } } } },
    free: { type: 'object' },
  },
};

describe('a schema', () => {
  const check = compileCheck(thing);

  it('points at each thing that is wrong, all at once', () => {
    assert.deepEqual(
      violations(check, { size: 0, colour: 'blue', parts: [{ 'a/b': 1 }] }).sort((a, b) =>
        a.pointer < b.pointer ? -1 : 1,
      ),
      [
        { pointer: '/colour', detail: 'must be one of: red, green' },
        { pointer: '/name', detail: 'is missing' },
        { pointer: '/parts/0/a~1b', detail: 'must be boolean' },
        { pointer: '/size', detail: 'must be >= 1' },
      ],
    );
  });

  it('accepts no property that it does not name, at any depth', () => {
    assert.deepEqual(
      violations(check, { name: 'x', nmae: 1, parts: [{ c: 1 }] }).map(({ pointer }) => pointer),
      ['/nmae', '/parts/0/c'],
    );
  });

  it('leaves an object open that names no property, and one that says so', () => {
    const open = compileCheck({ type: 'object', properties: {}, additionalProperties: true });
    assert.deepEqual(violations(check, { name: 'x', free: { anything: 1 } }), []);
    assert.deepEqual(violations(open, { anything: 1 }), []);
  });

  it('never changes the type of what came as JSON', () => {
    assert.deepEqual(violations(check, { name: 'x', size: '3' }), [
      { pointer: '/size', detail: 'must be integer' },
    ]);
  });

  it('converts what came as text, and says where it stood', () => {
    const query = compileCheck(
      { type: 'object', properties: { limit: { type: 'integer', default: 50 }, deep: { type: 'boolean' } } },
      { coerce: true, place: 'query' },
    );
    const value = { deep: 'true' };
    assert.deepEqual(violations(query, value), []);
    assert.deepEqual(value, { deep: true, limit: 50 });
    assert.deepEqual(violations(query, { limit: 'x' }), [
      { pointer: '/limit', detail: 'must be integer (query)' },
    ]);
    assert.equal(violations(query, { limit: ['1', '2'] }).length, 1);
  });

  it('tells of at most twenty things, with pointers of bounded length', () => {
    const many = Object.fromEntries(
      Array.from({ length: 1000 }, (_, index) => [`x${index}${'y'.repeat(500)}`, 1]),
    );
    const told = violations(check, { name: 'x', ...many });
    assert.equal(told.length, 20);
    assert.ok(told.every(({ pointer }) => pointer.length <= 200));
  });

  it('is refused when it is none', () => {
    assert.throws(() => compileCheck({ type: 'objekt' }));
    assert.throws(() => compileCheck({ type: 'object', propertys: {} }));
  });

  it('can be compiled again: a deploy builds every endpoint anew', () => {
    const identified = { ...thing, $id: 'https://example.com/thing' };
    compileCheck(identified);
    assert.doesNotThrow(() => compileCheck(identified));
  });
});
