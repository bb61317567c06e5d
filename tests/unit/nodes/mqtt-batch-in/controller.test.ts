import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { BatchInController } from '../../../../nodes/mqtt-batch-in/controller.ts';
import type { Decoder } from '../../../../nodes/mqtt-batch-in/decoder.ts';
import { IngestMetrics } from '../../../../nodes/mqtt-batch-in/metrics.ts';
import type { Session } from '../../../../nodes/mqtt-batch-in/session.ts';
import { type Received, Window } from '../../../../nodes/mqtt-batch-in/window.ts';
import type { Batch } from '../../../../nodes/shared/ingest/batch.ts';
import { holding, settleBatch } from '../../../../nodes/shared/ingest/settlement.ts';

/** A session without a broker. */
class FakeSession extends EventEmitter {
  readonly window = new Window({ messages: 1_000, bytes: 1_000_000 });
  readonly acknowledged: number[] = [];
  readonly reconnects = 0;
  stopped: boolean | undefined;
  #nextId = 1;

  get waiting() {
    return this.window.waiting;
  }
  get oldest() {
    return this.window.oldest;
  }
  start() {}
  take = this.window.take.bind(this.window);
  acknowledge(messages: readonly Received[]) {
    this.acknowledged.push(...messages.map(({ packetId }) => packetId));
    this.window.release(messages);
  }
  async stop(forget: boolean) {
    this.stopped = forget;
  }
  receive(count: number) {
    for (let index = 0; index < count; index++) {
      this.window.push({ packetId: this.#nextId++, payload: Buffer.from('x') } as Received);
      this.emit('message');
    }
  }
}

describe('mqtt batch in', () => {
  let session: FakeSession;
  let controller: BatchInController;
  let emitted: Batch[];
  const arrivals = new EventEmitter<{ batch: [] }>();

  function create(lostAfter = 60_000) {
    session = new FakeSession();
    emitted = [];
    controller = new BatchInController({
      session: session as unknown as Session,
      decoder: { decode: (messages: Received[]) => ({ items: messages, refused: [] }) } as unknown as Decoder,
      metrics: new IngestMetrics('test'),
      limits: { messages: 10, bytes: 1_000 },
      lostAfter,
      emit(batch) {
        emitted.push(batch);
        arrivals.emit('batch');
      },
      status: () => {},
      warn: () => {},
    });
    controller.start();
  }
  beforeEach(() => create());
  afterEach(() => controller.close(false));

  const sizes = () => emitted.map(({ items }) => items.length);
  const settleLast = () => settleBatch(emitted.at(-1)!.token);

  it('sends a lone message at once', async () => {
    session.receive(1);
    await once(arrivals, 'batch');
    assert.deepEqual(sizes(), [1]);
  });

  it('has one batch in flight; the next is whatever came meanwhile', async () => {
    session.receive(1);
    await once(arrivals, 'batch');
    session.receive(3);
    session.receive(4);
    await setImmediate();
    assert.deepEqual(sizes(), [1]);
    settleLast();
    await once(arrivals, 'batch');
    assert.deepEqual(sizes(), [1, 7]);
  });

  it('cuts batches at their limit', async () => {
    session.receive(25);
    for (let count = 0; count < 3; count++) {
      await once(arrivals, 'batch');
      settleLast();
    }
    assert.deepEqual(sizes(), [10, 10, 5]);
  });

  it('acknowledges what is settled, once, whoever settles it how often', async () => {
    session.receive(3);
    await once(arrivals, 'batch');
    assert.deepEqual(session.acknowledged, []);
    settleLast();
    settleLast();
    assert.deepEqual(session.acknowledged, [1, 2, 3]);
  });

  it('emits a batch again that got lost in the flow', async function () {
    this.timeout(4_000);
    await controller.close(false);
    create(500);
    session.receive(2);
    await once(arrivals, 'batch');
    await once(arrivals, 'batch');
    assert.deepEqual(sizes(), [2, 2]);
    settleLast();
    assert.deepEqual(session.acknowledged, [1, 2]);
  });

  it('waits for a batch that a node holds, however long', async function () {
    this.timeout(4_000);
    await controller.close(false);
    create(100);
    session.receive(1);
    await once(arrivals, 'batch');
    await holding(emitted[0]!.token, () => new Promise((resolve) => setTimeout(resolve, 1_500)));
    assert.deepEqual(sizes(), [1]);
  });

  it('sends nothing while flows stop and start, and sends again what was lost with them', async () => {
    session.receive(1);
    await once(arrivals, 'batch');
    controller.hold();
    session.receive(5);
    await setImmediate();
    controller.resume();
    await setImmediate();
    assert.deepEqual(sizes(), [1, 1]);
    settleLast();
    await once(arrivals, 'batch');
    assert.deepEqual(sizes(), [1, 1, 5]);
  });

  it('gives each node behind it lists of its own, so a second emission is whole', async () => {
    session.receive(2);
    await once(arrivals, 'batch');
    emitted[0]!.items.length = 0;
    controller.hold();
    controller.resume();
    assert.equal(emitted[1]!.items.length, 2);
  });

  it('closes after the batch in flight is settled and acknowledged', async () => {
    session.receive(2);
    await once(arrivals, 'batch');
    const { token } = emitted[0]!;
    const closed = holding(token, async () => {
      const closing = controller.close(true);
      await setImmediate();
      assert.equal(session.stopped, undefined);
      settleBatch(token);
      return closing;
    });
    await closed;
    assert.deepEqual(session.acknowledged, [1, 2]);
    assert.equal(session.stopped, true);
  });

  it('closes without waiting for a batch that nobody holds', async () => {
    session.receive(1);
    await once(arrivals, 'batch');
    const begin = performance.now();
    await controller.close(false);
    assert.ok(performance.now() - begin < 1_000);
    assert.deepEqual(session.acknowledged, []);
  });
});
