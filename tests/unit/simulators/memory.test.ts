import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryStore } from '../../../simulators/memory.ts';

describe('simulators: device memory', () => {
  let folder: string;
  let memory: MemoryStore;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cauce-memory-'));
    memory = new MemoryStore(join(folder, 'simulator'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('knows nothing at first', async () => {
    assert.deepEqual(await memory.load('truck-1'), {});
  });

  it('remembers the login over a restart', async () => {
    const login = { username: 'truck-1', password: 's3cret', client_id: 'truck-1-x' };
    await memory.save('truck-1', { login });
    assert.deepEqual(await new MemoryStore(join(folder, 'simulator')).load('truck-1'), { login });
  });

  it('lets only the owner read the file and the folder', async () => {
    await memory.save('truck-1', {
      login: { username: 'truck-1', password: 's3cret', client_id: 'truck-1-x' },
    });
    assert.equal((await stat(join(folder, 'simulator'))).mode & 0o777, 0o700);
    assert.equal((await stat(join(folder, 'simulator', 'truck-1.json'))).mode & 0o777, 0o600);
  });

  it('leaves no draft behind', async () => {
    await memory.save('truck-1', {});
    assert.deepEqual(await readdir(join(folder, 'simulator')), ['truck-1.json']);
  });

  it('forgets', async () => {
    await memory.save('truck-1', {
      login: { username: 'truck-1', password: 's3cret', client_id: 'truck-1-x' },
    });
    await memory.forget('truck-1');
    await memory.forget('truck-1');
    assert.deepEqual(await memory.load('truck-1'), {});
  });
});
