import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { acquireLock, type Holder, isLock, type Lock } from '../../../local/lock.ts';
import { temporaryDirectory } from '../temporary.ts';

const staying = () => false;

describe('the lock of a data directory', () => {
  const directory = temporaryDirectory();
  const held: Lock[] = [];

  async function take(leaving = staying): Promise<Lock> {
    const result = await acquireLock(directory(), leaving);
    assert.ok(isLock(result));
    held.push(result);
    return result;
  }

  afterEach(async () => {
    for (const lock of held.splice(0)) await lock.release();
  });

  it('is held by one, who is named to the next', async () => {
    await take();
    const holder = (await acquireLock(directory(), staying)) as Holder;
    assert.deepEqual(holder, { pid: process.pid, leaving: false });
  });

  it('is another one for another directory', async () => {
    await take();
    const other = await acquireLock(`${directory()}2`, staying);
    assert.ok(isLock(other));
    await other.release();
  });

  it('can be taken again after its release', async () => {
    await (await take()).release();
    held.pop();
    await take();
  });

  it('is waited for while its holder is leaving', async () => {
    const asked = Promise.withResolvers<void>();
    const first = await take(() => {
      asked.resolve();
      return true;
    });
    held.pop();
    const second = acquireLock(directory(), staying);
    await asked.promise;
    await first.release();
    const lock = await second;
    assert.ok(isLock(lock));
    held.push(lock);
  });

  it('ends with a process that is killed', async () => {
    const module = fileURLToPath(new URL('../../../local/lock.ts', import.meta.url));
    const script = `const { acquireLock } = await import(${JSON.stringify(module)});
      await acquireLock(${JSON.stringify(directory())}, () => false);
      console.log('held'); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    const holder = (await acquireLock(directory(), staying)) as Holder;
    assert.equal(holder.pid, child.pid);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await take();
  });
});
