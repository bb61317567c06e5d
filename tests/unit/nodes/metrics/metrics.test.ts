import assert from 'node:assert/strict';
import { register } from 'prom-client';
import { Metrics } from '../../../../nodes/metrics/controller.ts';
import { counter } from '../../../../nodes/shared/metrics.ts';

describe('metrics', () => {
  after(() => register.clear());

  it('writes what the palette counts and how the process is doing', async () => {
    counter('cauce_test_total', 'A test').inc(3);
    const { payload } = await new Metrics().input({});
    assert.match(payload as string, /^cauce_test_total 3$/m);
    assert.match(payload as string, /^process_resident_memory_bytes \d+$/m);
  });

  it('can be deployed again', async () => {
    new Metrics();
    const { payload } = await new Metrics().input({});
    assert.match(payload as string, /^nodejs_eventloop_lag_seconds /m);
  });
});
