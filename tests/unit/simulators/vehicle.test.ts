import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sample } from '../../../simulators/buffer.ts';
import { Drive } from '../../../simulators/drive.ts';
import { MemoryStore } from '../../../simulators/memory.ts';
import { Vehicle } from '../../../simulators/vehicle.ts';
import { FakeBroker, type Published } from './fake-broker.ts';

const ID = 'truck-1';
const TELEMETRY = `vehicles/${ID}/telemetry`;
const STATUS = `vehicles/${ID}/status`;

const samplesOf = ({ payload }: Published): Sample[] => [payload].flat();
const seqs = (samples: Sample[]) => samples.map(({ seq }) => seq);

describe('simulators: vehicle', () => {
  let folder: string;
  let memory: MemoryStore;
  let broker: FakeBroker;
  let vehicle: Vehicle;
  let claims: number;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cauce-vehicle-'));
    memory = new MemoryStore(folder);
    broker = new FakeBroker(new EventEmitter());
    claims = 0;
    vehicle = new Vehicle({
      id: ID,
      url: 'mqtt://nowhere',
      provisionPassword: 'ask',
      claim: async () => `code-${++claims}`,
      memory,
      drive: new Drive(1, { lat: 6, lon: -75 }),
      rate: 100,
      open: broker.open,
    });
  });
  afterEach(async () => {
    await vehicle.stop(0);
    await rm(folder, { recursive: true, force: true });
  });

  /** Lets registrations succeed. */
  function registerAll(message: Published): void {
    if (message.topic !== 'provision/request') return;
    const { request_id, client_id, vehicle_id } = message.payload;
    broker.passwords.set(vehicle_id, `password of ${vehicle_id}`);
    broker.send(`provision/response/${client_id}`, {
      request_id,
      status: 'registered',
      username: vehicle_id,
      password: `password of ${vehicle_id}`,
    });
  }

  async function registered(): Promise<void> {
    broker.passwords.set(ID, 'mine');
    await memory.save(ID, { login: { username: ID, password: 'mine', client_id: 'random' } });
  }

  const telemetry = () => broker.published.filter(({ topic }) => topic === TELEMETRY).flatMap(samplesOf);

  it('registers with its claim code and then connects as itself', async () => {
    broker.onPublish = registerAll;
    await vehicle.start();
    const [provisioning, own] = broker.links;
    assert.equal(provisioning!.options.username, 'provision');
    assert.deepEqual(provisioning!.options.subscribe, [
      `provision/response/${provisioning!.options.clientId}`,
    ]);
    assert.equal(broker.published[0]!.payload.claim_code, 'code-1');
    assert.equal(own!.options.username, ID);
    const { login } = await memory.load(ID);
    assert.deepEqual(login, {
      username: ID,
      password: `password of ${ID}`,
      client_id: own!.options.clientId,
    });
  });

  it('uses client ids that nobody can guess: whoever knows one can end the session', async () => {
    broker.onPublish = registerAll;
    await vehicle.start();
    const ids = broker.links.map(({ options }) => options.clientId);
    assert.equal(new Set(ids).size, 2);
    for (const id of ids) assert.match(id, /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  it('repeats the same request when the answer was lost', async () => {
    broker.onPublish = (message) => {
      const repeated = broker.published.filter(({ topic }) => topic === 'provision/request').length > 1;
      if (repeated) registerAll(message);
      else broker.links.at(-1)!.drop();
    };
    await vehicle.start();
    const [first, second] = broker.published.filter(({ topic }) => topic === 'provision/request');
    assert.deepEqual(second!.payload, first!.payload);
    assert.equal(claims, 1);
  });

  it('asks for a new claim code when the server rejects the old one', async () => {
    broker.onPublish = (message) => {
      if (message.payload.claim_code !== 'code-1') return registerAll(message);
      const { request_id, client_id } = message.payload;
      const answer = { request_id, status: 'rejected', code: 'claim_expired', detail: 'too late' };
      broker.send(`provision/response/${client_id}`, answer);
    };
    await vehicle.start();
    assert.equal(claims, 2);
    assert.equal(vehicle.counters.lastError, 'too late');
  });

  it('announces itself, retained, and leaves a last will', async () => {
    await registered();
    await vehicle.start();
    await broker.until(() => broker.published.length > 0);
    const [status] = broker.published;
    assert.equal(status!.topic, STATUS);
    assert.equal(status!.retain, true);
    assert.equal(status!.payload.state, 'busy');
    assert.deepEqual(broker.links[0]!.options.will, { topic: STATUS, payload: '{"state":"offline"}' });
  });

  it('keeps its samples until the acknowledgement, and sends what is left again after a reconnect', async () => {
    await registered();
    await vehicle.start();
    const acknowledge = (seq: number) =>
      broker.send(`vehicles/${ID}/acks`, { boot: telemetry()[0]!.boot, seq });
    await broker.until(() => telemetry().length >= 1);
    acknowledge(1);
    await broker.until(() => telemetry().length >= 5);
    const before = telemetry();
    acknowledge(2);
    assert.equal(vehicle.counters.acked, 2);
    broker.links[0]!.drop();
    await broker.until(() => telemetry().length > before.length && broker.links.length > 1);
    const again = telemetry().slice(before.length);
    assert.deepEqual(seqs(again.slice(0, 3)), [3, 4, 5]);
    assert.deepEqual(again[0], before[2]);
  });

  it('counts what the server refuses, and goes on', async () => {
    await registered();
    await vehicle.start();
    broker.send(`vehicles/${ID}/errors`, { code: 'schema', detail: 'lat is wrong', topic: TELEMETRY });
    assert.equal(vehicle.counters.errors, 1);
    assert.equal(vehicle.counters.lastError, 'schema: lat is wrong');
    await broker.until(() => telemetry().length > 0);
  });

  it('leaves with the last acknowledgement and a retained "offline"', async () => {
    await registered();
    broker.onPublish = ({ topic, payload }) => {
      if (topic !== TELEMETRY) return;
      const { boot, seq } = [payload].flat().at(-1);
      broker.send(`vehicles/${ID}/acks`, { boot, seq });
    };
    await vehicle.start();
    await broker.until(() => telemetry().length >= 3);
    await vehicle.stop(1_000);
    assert.equal(vehicle.unacked, 0);
    const last = broker.published.at(-1)!;
    assert.deepEqual([last.topic, last.payload.state, last.retain], [STATUS, 'offline', true]);
  });

  it('leaves at once when it is stopped while it connects', async () => {
    await registered();
    const starting = vehicle.start();
    await vehicle.stop(0);
    await starting;
    assert.ok(broker.links.every(({ closed }) => closed));
  });

  it('asks for a new claim code when its login stays refused', async () => {
    await memory.save(ID, { login: { username: ID, password: 'of a former system', client_id: 'x' } });
    broker.onPublish = registerAll;
    await vehicle.start();
    assert.equal(claims, 1);
    assert.equal(broker.links.at(-1)!.options.username, ID);
  }).timeout(10_000);
});
