import assert from 'node:assert/strict';
import { decodeCursor, encodeCursor, firstPosition } from '../../../../../nodes/shared/http/cursor.ts';
import type { Problem } from '../../../../../nodes/shared/problem.ts';

const columns = { ts: 'time', arrival: 'number' } as const;

describe('a cursor', () => {
  it('holds the position of the last row, whichever way the driver returned it', () => {
    const expected = { ts: '2026-11-20 09:15:00.123', arrival: 42 };
    for (const ts of [
      new Date('2026-11-20T09:15:00.123Z'),
      '2026-11-20 09:15:00.123',
      '2026-11-20T10:15:00.123+01:00',
    ]) {
      for (const arrival of [42, '42', 42n]) {
        assert.deepEqual(decodeCursor(columns, encodeCursor(columns, { ts, arrival, other: 1 })), expected);
      }
    }
  });

  it('fits into a URL as it is', () => {
    assert.match(
      encodeCursor(columns, { ts: new Date(), arrival: 1_790_000_000_000_000 }),
      /^[A-Za-z0-9_-]+$/,
    );
  });

  it('starts above every row when there is none', () => {
    assert.deepEqual(firstPosition(columns), {
      ts: '9999-12-31 23:59:59.999',
      arrival: Number.MAX_SAFE_INTEGER,
    });
  });

  it('is refused when it was made up, or belongs to a list with another order', () => {
    const forged = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const cursors = [
      'x',
      '',
      forged({}),
      forged([1, 2]),
      forged(['2026-11-20 09:15:00.123']),
      forged(["2026-11-20 09:15:00.123' OR 1=1", 1]),
      forged(['2026-11-20 09:15:00.123', '1']),
      forged(['2026-11-20 09:15:00.123', 1.5]),
      forged(['2026-11-20 09:15:00.123', 1, 1]),
    ];
    for (const cursor of cursors) {
      assert.throws(
        () => decodeCursor(columns, cursor),
        (error) => (error as Problem).code === 'schema',
      );
    }
  });

  it('cannot be made of a row that lacks a column of the order', () => {
    assert.throws(() => encodeCursor(columns, { ts: new Date() }), /arrival/);
  });
});
