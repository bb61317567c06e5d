import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { Readiness, type ReadinessOptions } from '../../../../nodes/readiness/controller.ts';
import { FlowsState } from '../../../../nodes/readiness/flows-state.ts';

const node = (checks: ReadinessOptions['checks'], timeoutMs = 1_000) =>
  new Readiness({ checks, timeoutMs, onClose: async () => {} });

async function ask(readiness: Readiness) {
  const [ready, not] = (await readiness.input({})) as [any, any];
  return { output: ready ? 1 : 2, ...(ready ?? not).payload };
}

describe('readiness', () => {
  it('is there when every dependency answers', async () => {
    const { output, ready, dependencies } = await ask(node({ mysql: async () => {}, flows: () => {} }));
    assert.deepEqual([output, ready, Object.keys(dependencies)], [1, true, ['mysql', 'flows']]);
    assert.equal(dependencies.mysql.state, 'ok');
    assert.equal(typeof dependencies.mysql.latency_ms, 'number');
  });

  it('is not when one does not, and tells which and why, by its code', async () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED 10.0.0.7:3306 as cauce'), {
      code: 'ECONNREFUSED',
    });
    const { output, ready, dependencies } = await ask(
      node({ mysql: () => Promise.reject(refused), redis: () => {} }),
    );
    assert.deepEqual([output, ready], [2, false]);
    assert.deepEqual(dependencies.mysql, { state: 'failed', latency_ms: null, reason: 'ECONNREFUSED' });
    assert.equal(dependencies.redis.state, 'ok');
  });

  it('does not wait for one that never answers', async () => {
    const { dependencies } = await ask(node({ mqtt: () => new Promise(() => {}) }, 10));
    assert.equal(dependencies.mqtt.reason, 'No answer within 0.01 s.');
  });

  it('asks once for all who ask at the same time', async () => {
    let asked = 0;
    const readiness = node({
      mysql: async () => {
        asked++;
      },
    });
    await Promise.all([ask(readiness), ask(readiness), ask(readiness)]);
    assert.equal(asked, 1);
    await ask(readiness);
    assert.equal(asked, 2);
  });
});

describe('the state of the flows', () => {
  it('follows what Node-RED tells, until it is closed', () => {
    const events = new EventEmitter();
    const flows = new FlowsState(events);
    assert.throws(() => flows.check(), { code: 'unavailable' });
    events.emit('flows:started');
    flows.check();
    events.emit('flows:stopping');
    assert.throws(() => flows.check(), { code: 'unavailable' });
    flows.close();
    assert.equal(events.listenerCount('flows:started') + events.listenerCount('flows:stopping'), 0);
  });
});
