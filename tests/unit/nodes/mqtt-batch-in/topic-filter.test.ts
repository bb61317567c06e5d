import assert from 'node:assert/strict';
import { topicFilter } from '../../../../nodes/mqtt-batch-in/topic-filter.ts';

describe('a topic filter with named levels', () => {
  it('is a plain filter to the broker', () => {
    assert.equal(topicFilter('sensors/+client/+serial/readings').filter, 'sensors/+/+/readings');
    assert.equal(topicFilter('provision/request').filter, 'provision/request');
  });

  it('names the levels of a topic', () => {
    const { match } = topicFilter('sensors/+client/+serial/readings');
    assert.deepEqual(match('sensors/acme/s1/readings'), { client: 'acme', serial: 's1' });
    assert.deepEqual(match('sensors//s1/readings'), { client: '', serial: 's1' });
  });

  it('matches nothing else', () => {
    const { match } = topicFilter('vehicles/+vehicle_id/telemetry');
    for (const topic of [
      'vehicles/v1/status',
      'vehicles/v1/telemetry/x',
      'vehicles/telemetry',
      'v/v1/telemetry',
    ]) {
      assert.equal(match(topic), undefined, topic);
    }
  });

  it('refuses wildcards without a name, shared names, # and $share', () => {
    for (const pattern of ['vehicles/+/telemetry', 'a/+x/+x', 'vehicles/#', '$share/g/a', 'a//b', '']) {
      assert.throws(() => topicFilter(pattern), /no topic with named levels/, pattern);
    }
  });
});
