import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SampleBuffer } from '../../../simulators/buffer.ts';

const somewhere = { lat: 6.25, lon: -75.57, speed_mps: 0, heading_deg: 0, battery_pct: 80 };

function filled(count: number, capacity = 100): SampleBuffer {
  const buffer = new SampleBuffer(capacity, 'boot-1');
  for (let index = 0; index < count; index++) buffer.add(somewhere, 1_000 + index);
  return buffer;
}

const seqs = (samples: { seq: number }[]) => samples.map(({ seq }) => seq);

describe('simulators: sample buffer', () => {
  it('numbers samples from 1 and carries boot and time', () => {
    assert.deepEqual(filled(2).take(10), [
      { ts: 1_000, boot: 'boot-1', seq: 1, ...somewhere },
      { ts: 1_001, boot: 'boot-1', seq: 2, ...somewhere },
    ]);
  });

  it('hands out each sample once on a connection', () => {
    const buffer = filled(5);
    assert.deepEqual(seqs(buffer.take(3)), [1, 2, 3]);
    assert.deepEqual(seqs(buffer.take(3)), [4, 5]);
    assert.deepEqual(buffer.take(3), []);
  });

  it('starts again from the oldest un-acknowledged sample after a reconnect', () => {
    const buffer = filled(5);
    buffer.take(4);
    buffer.acknowledge({ boot: 'boot-1', seq: 2 });
    buffer.rewind();
    assert.deepEqual(seqs(buffer.take(10)), [3, 4, 5]);
  });

  it('keeps a sample until its own boot is acknowledged', () => {
    const buffer = filled(3);
    assert.equal(buffer.acknowledge({ boot: 'another', seq: 3 }), 0);
    assert.equal(buffer.unacked, 3);
  });

  it('takes an old acknowledgement, delivered again, for what it is', () => {
    const buffer = filled(5);
    buffer.take(5);
    assert.equal(buffer.acknowledge({ boot: 'boot-1', seq: 4 }), 4);
    assert.equal(buffer.acknowledge({ boot: 'boot-1', seq: 2 }), 0);
    assert.equal(buffer.unacked, 1);
  });

  it('refuses a new sample when it is full, without a gap in the numbers', () => {
    const buffer = filled(3, 3);
    assert.equal(buffer.add(somewhere, 5_000), false);
    buffer.acknowledge({ boot: 'boot-1', seq: 1 });
    assert.equal(buffer.add(somewhere, 6_000), true);
    assert.deepEqual(seqs(buffer.take(10)), [2, 3, 4]);
  });

  it('neither loses nor skips a sample, whatever the order of sending, acknowledging and reconnecting', () => {
    const step = fc.oneof(
      fc.constant('add' as const),
      fc.constant('rewind' as const),
      fc.record({ take: fc.integer({ min: 1, max: 5 }) }),
      fc.record({ ack: fc.integer({ min: 0, max: 20 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const buffer = new SampleBuffer(10, 'boot-1');
        let numbered = 0;
        let answered = 0;
        for (const action of steps) {
          if (action === 'add') numbered += buffer.add(somewhere, 0) ? 1 : 0;
          else if (action === 'rewind') buffer.rewind();
          else if ('take' in action) buffer.take(action.take);
          else {
            const seq = Math.min(action.ack, numbered);
            buffer.acknowledge({ boot: 'boot-1', seq });
            answered = Math.max(answered, seq);
          }
          assert.equal(buffer.unacked, numbered - answered);
          assert.ok(buffer.inFlight <= buffer.unacked);
        }
        buffer.rewind();
        const expected = Array.from({ length: numbered - answered }, (_, index) => answered + index + 1);
        assert.deepEqual(seqs(buffer.take(1_000)), expected);
      }),
    );
  });
});
