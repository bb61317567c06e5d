import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { Gate } from '../../../../nodes/password/gate.ts';
import type { Problem } from '../../../../nodes/shared/problem.ts';

describe('the gate before password hashing', () => {
  it('lets so many work at once, and the others in the order in which they came', async () => {
    const gate = new Gate(2, 10);
    const finish: (() => void)[] = [];
    const order: number[] = [];
    const runs = [0, 1, 2, 3].map((index) =>
      gate.run(() => {
        order.push(index);
        return new Promise<void>((resolve) => finish.push(resolve));
      }),
    );
    await setImmediate();
    assert.deepEqual(order, [0, 1]);
    finish[0]!();
    await runs[0];
    await setImmediate();
    assert.deepEqual(order, [0, 1, 2]);
    finish[1]!();
    await setImmediate();
    finish[2]!();
    finish[3]!();
    await Promise.all(runs);
    assert.deepEqual(order, [0, 1, 2, 3]);
  });

  it('turns away who finds the queue full', async () => {
    const gate = new Gate(1, 1);
    const done = Promise.withResolvers<void>();
    const runs = [gate.run(() => done.promise), gate.run(() => done.promise)];
    await assert.rejects(
      gate.run(() => done.promise),
      (error) => (error as Problem).code === 'unavailable',
    );
    done.resolve();
    await Promise.all(runs);
    assert.equal(await gate.run(async () => 'free again'), 'free again');
  });

  it('passes a failure on and frees the place', async () => {
    const gate = new Gate(1, 0);
    await assert.rejects(
      gate.run(() => Promise.reject(new Error('broken'))),
      /broken/,
    );
    assert.equal(await gate.run(async () => 1), 1);
  });
});
