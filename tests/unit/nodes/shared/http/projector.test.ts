import assert from 'node:assert/strict';
import { compileProjector } from '../../../../../nodes/shared/http/projector.ts';

const nullable = (type: string) => ({ type: [type, 'null'] });

describe('a projector', () => {
  it('lets out what the schema names and nothing else, at any depth', () => {
    const project = compileProjector({
      type: 'object',
      properties: {
        id: { type: 'integer' },
        parts: { type: 'array', items: { type: 'object', properties: { a: { type: 'integer' } } } },
      },
    });
    assert.deepEqual(project({ id: 1, password_hash: 'x', parts: [{ a: 1, secret: 2 }] }), {
      id: 1,
      parts: [{ a: 1 }],
    });
  });

  it('parses text that holds JSON where the schema says object or array', () => {
    const project = compileProjector({
      type: 'object',
      properties: {
        map: { type: 'object', additionalProperties: { type: 'number' } },
        list: { type: 'array', items: { type: 'object', properties: { a: { type: 'integer' } } } },
      },
    });
    assert.deepEqual(project({ map: '{"x":1}', list: '[{"a":1,"b":2}]' }), {
      map: { x: 1 },
      list: [{ a: 1 }],
    });
  });

  it('turns 0 and 1 into booleans, and texts of DECIMAL and BIGINT into numbers', () => {
    const project = compileProjector({
      type: 'object',
      properties: {
        on: { type: 'boolean' },
        off: { type: 'boolean' },
        bit: { type: 'boolean' },
        mean: { type: 'number' },
      },
    });
    assert.deepEqual(project({ on: 1, off: 0, bit: Buffer.of(1), mean: '21.5' }), {
      on: true,
      off: false,
      bit: true,
      mean: 21.5,
    });
  });

  it('writes every time in UTC with milliseconds', () => {
    const project = compileProjector({ type: 'string', format: 'date-time' });
    for (const time of [
      '2026-11-20 09:15:00',
      '2026-11-20 09:15:00.000',
      new Date(Date.UTC(2026, 10, 20, 9, 15)),
      '2026-11-20T10:15:00+01:00',
    ]) {
      assert.equal(project(time), '2026-11-20T09:15:00.000Z');
    }
  });

  it('keeps null where the schema allows it, and leaves the property out where it does not', () => {
    const project = compileProjector({
      type: 'object',
      required: ['b'],
      properties: {
        a: nullable('string'),
        b: nullable('string'),
        c: { type: 'string' },
        d: { anyOf: [{ type: 'integer' }, { type: 'null' }] },
      },
    });
    assert.deepEqual(project({ a: null, c: null, d: null }), { a: null, b: null, d: null });
  });

  it('looks through a choice between a schema and null, and through parts of a whole', () => {
    const project = compileProjector({
      allOf: [
        { type: 'object', properties: { id: { type: 'integer' } } },
        {
          type: 'object',
          properties: {
            vehicle: {
              anyOf: [{ type: 'object', properties: { id: { type: 'string' } } }, { type: 'null' }],
            },
          },
        },
      ],
    });
    assert.deepEqual(project({ id: '7', vehicle: { id: 'v', hash: 1 } }), { id: 7, vehicle: { id: 'v' } });
  });

  it('does not compile where it would have to guess which object is meant', () => {
    const one = { type: 'object', properties: { a: { type: 'string' } } };
    const other = { type: 'object', properties: { b: { type: 'string' } } };
    assert.throws(() => compileProjector({ anyOf: [one, other] }), /which of several objects/);
  });
});
