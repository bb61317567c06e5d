import assert from 'node:assert/strict';
import fc from 'fast-check';
import { merge, settle } from '../../../../nodes/batch-store/ranges.ts';

const START = { mark: 0, above: [] };

describe('the settled part of a sequence', () => {
  it('advances over what follows without a gap', () => {
    assert.deepEqual(settle(START, [1, 2, 3]), { mark: 3, above: [] });
  });

  it('stays before a gap, and jumps when the gap closes', () => {
    const gap = settle(START, [1, 3, 4, 6]);
    assert.deepEqual(gap, {
      mark: 1,
      above: [
        [3, 4],
        [6, 6],
      ],
    });
    assert.deepEqual(settle(gap, [2]), { mark: 4, above: [[6, 6]] });
    assert.deepEqual(settle(gap, [2, 5]), { mark: 6, above: [] });
  });

  it('ignores what was settled before', () => {
    assert.deepEqual(settle({ mark: 10, above: [[12, 14]] }, [9, 10, 13]), { mark: 10, above: [[12, 14]] });
  });

  it('takes ranges as well as numbers', () => {
    assert.deepEqual(merge({ mark: 5, above: [[8, 9]] }, [[6, 7]]), { mark: 9, above: [] });
  });

  it('never changes the value that it was given', () => {
    const before = { mark: 1, above: [[3, 4]] as const };
    settle(before, [5, 2]);
    assert.deepEqual(before, { mark: 1, above: [[3, 4]] });
  });

  it('is bounded, whatever gaps a device leaves', () => {
    const odd = Array.from({ length: 5_000 }, (_, index) => 2 * index + 3);
    assert.equal(settle(START, odd).above.length, 1_000);
  });

  it('is the largest number up to which all have come, in whatever order and batches they come', () => {
    const batches = fc.array(fc.array(fc.integer({ min: 1, max: 40 })));
    fc.assert(
      fc.property(batches, (all) => {
        let settled: Parameters<typeof settle>[0] = START;
        for (const batch of all) settled = settle(settled, batch);
        const seen = new Set(all.flat());
        let expected = 0;
        while (seen.has(expected + 1)) expected++;
        assert.equal(settled.mark, expected);
        const above = settled.above.flatMap(([from, to]) =>
          Array.from({ length: to - from + 1 }, (_, index) => from + index),
        );
        assert.deepEqual(new Set(above), new Set([...seen].filter((seq) => seq > expected)));
      }),
    );
  });
});
