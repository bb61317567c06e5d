import assert from 'node:assert/strict';
import { sessionClientId } from '../../../../nodes/mqtt-batch-in/client-id.ts';

describe('The client id of an ingest session', () => {
  const key = Buffer.alloc(32, 1);

  it('is the same at each start, or the broker would not know the session', () => {
    assert.equal(sessionClientId(key, 'telemetry-in'), sessionClientId(key, 'telemetry-in'));
  });

  it('differs from node to node, and cannot be told without the key', () => {
    const ids = [
      sessionClientId(key, 'telemetry-in'),
      sessionClientId(key, 'status-in'),
      sessionClientId(Buffer.alloc(32, 2), 'telemetry-in'),
    ];
    assert.equal(new Set(ids).size, ids.length);
  });

  it('holds what a broker may restrict client ids to, apart from the node’s own id', () => {
    assert.match(sessionClientId(key, 'n'), /^cauce-n-[A-Za-z0-9_-]{22}$/);
  });
});
