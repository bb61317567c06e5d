import assert from 'node:assert/strict';
import type { Sample } from '../../../simulators/buffer.ts';
import { TelemetryStream } from '../../../simulators/stream.ts';

const somewhere = { lat: 6.25, lon: -75.57, speed_mps: 0, heading_deg: 0, battery_pct: 80 };
const MINUTE = 60_000;

describe('simulators: telemetry stream', () => {
  let sent: Sample[][];
  let stream: TelemetryStream;

  beforeEach(() => {
    sent = [];
    stream = new TelemetryStream((samples) => sent.push(samples));
  });

  function record(count: number): void {
    for (let index = 0; index < count; index++) stream.record(somewhere, index);
  }
  const lengths = () => sent.map(({ length }) => length);
  const acknowledge = (seq: number, now = 0) => stream.acknowledged({ boot: sent[0]![0]!.boot, seq }, now);

  it('keeps to itself what is recorded while there is no connection', () => {
    record(3);
    stream.tick(0);
    assert.deepEqual(sent, []);
    stream.connected(0);
    assert.deepEqual(lengths(), [3]);
  });

  it('sends a backlog in arrays, and no more than the window at once', () => {
    record(2_000);
    stream.connected(0);
    acknowledge(250);
    assert.deepEqual(lengths(), [250, 250, 250, 250, 250]);
    acknowledge(500);
    assert.deepEqual(lengths(), [250, 250, 250, 250, 250, 250]);
    assert.equal(sent.at(-1)![0]!.seq, 1_251);
  });

  it('sends nothing behind the first message of a boot until that is stored: it starts the stream', () => {
    record(251);
    stream.connected(0);
    record(5);
    stream.tick(1);
    assert.deepEqual(lengths(), [250]);
    acknowledge(250);
    assert.deepEqual(lengths(), [250, 6]);
  });

  it('sends again what got no answer for 5 s, and waits longer each time', () => {
    record(2);
    stream.connected(0);
    stream.tick(2_400);
    assert.equal(sent.length, 1);
    stream.tick(5_000);
    assert.deepEqual(sent[1], sent[0]);
    stream.tick(9_900);
    assert.equal(sent.length, 2);
    stream.tick(15_000);
    assert.equal(sent.length, 3);
  });

  it('repeats nothing while acknowledgements come in', () => {
    record(3);
    stream.connected(0);
    acknowledge(1, 2_400);
    stream.tick(4_800);
    assert.equal(sent.length, 1);
  });

  it('repeats nothing when there is nothing under way', () => {
    stream.connected(0);
    stream.tick(10 * MINUTE);
    assert.deepEqual(sent, []);
  });
});
