import assert from 'node:assert/strict';
import { progressLine } from '../../../simulators/progress.ts';

const quiet = {
  vehicles: 10,
  connected: 10,
  sent: 118,
  acked: 117,
  unacked: 1,
  dropped: 0,
  errors: 0,
  lastError: '',
};

describe('simulators: progress line', () => {
  it('says how the fleet is doing', () => {
    assert.equal(
      progressLine(72, quiet, 9.96),
      '1:12  10/10 connected · 118 sent · 117 acked · 1 un-acked · 10.0/s · 0 errors',
    );
  });

  it('shows the last error, and samples that found the buffer full, when there are any', () => {
    const line = progressLine(5, { ...quiet, dropped: 3, errors: 2, lastError: 'sim-001: no' }, 0);
    assert.match(line, /3 not recorded: buffer full/);
    assert.match(line, /2 errors \(last: sim-001: no\)$/);
  });
});
