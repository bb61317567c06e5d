import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { LatestValuesController, type RedisClient } from '../../../../nodes/latest-values/controller.ts';
import type { Item } from '../../../../nodes/shared/ingest/batch.ts';

class FakeRedis extends EventEmitter {
  status = 'ready';
  readonly stored = new Map<string, { lat: number }>();
  expiry: number | undefined;

  pipeline() {
    const commands: Array<[string, string]> = [];
    return {
      set: (key: string, value: string, _unit: 'EX', seconds: number) => {
        commands.push([key, value]);
        this.expiry = seconds;
      },
      exec: async () => {
        if (this.status !== 'ready') throw new Error('away');
        for (const [key, value] of commands) this.stored.set(key, JSON.parse(value));
      },
    };
  }
}

describe('latest values', () => {
  let redis: FakeRedis;
  let node: LatestValuesController;

  beforeEach(() => {
    redis = new FakeRedis();
    node = new LatestValuesController({
      client: redis as unknown as RedisClient,
      key: 'cauce:vehicles:{vehicle_id}:telemetry',
      ttlSeconds: 60,
    });
  });

  async function receive(
    ...entries: Array<{ id?: string; ts: number | null; lat: number; arrival?: number }>
  ) {
    const items = entries.map(
      ({ id = 'v1', ts, lat, arrival = 1 }) =>
        ({ params: { vehicle_id: id }, ts, arrival, value: { lat } }) as unknown as Item,
    );
    node.input({ batch: { token: '', items, refused: [] } });
    await setImmediate();
  }
  const lat = (id = 'v1') => redis.stored.get(`cauce:vehicles:${id}:telemetry`)?.lat;

  it('are kept for each sender, with both times, and expire', async () => {
    await receive({ ts: 1_000, lat: 1, arrival: 2_000_000 }, { id: 'v2', ts: 1_000, lat: 2 });
    assert.deepEqual(redis.stored.get('cauce:vehicles:v1:telemetry'), {
      lat: 1,
      ts: '1970-01-01T00:00:01.000Z',
      received_at: '1970-01-01T00:00:02.000Z',
    });
    assert.equal(lat('v2'), 2);
    assert.equal(redis.expiry, 60);
  });

  it('are the newest by the time of the device, whatever comes last', async () => {
    await receive({ ts: 2_000, lat: 2 });
    await receive({ ts: 1_000, lat: 1 });
    assert.equal(lat(), 2);
  });

  it('are the last to arrive among those of one time', async () => {
    await receive({ ts: 1_000, lat: 1, arrival: 1 }, { ts: 1_000, lat: 2, arrival: 2 });
    assert.equal(lat(), 2);
  });

  it('are written when Redis is back', async () => {
    redis.status = 'reconnecting';
    await receive({ ts: 1_000, lat: 1 });
    await receive({ ts: 2_000, lat: 2 });
    assert.equal(lat(), undefined);
    redis.status = 'ready';
    redis.emit('ready');
    await setImmediate();
    assert.equal(lat(), 2);
  });

  it('ignore senders whose name is no id', async () => {
    await receive({ id: 'a b', ts: 1, lat: 1 });
    assert.equal(redis.stored.size, 0);
  });
});
