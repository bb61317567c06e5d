import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openEditor } from '../support/editor.ts';
import { Fleet } from '../support/journal.ts';
import { type Product, startProduct } from '../support/product.ts';

const MEBIBYTE = 1_048_576;

describe('ingest under load', function () {
  this.timeout(120_000);
  const scratch = mkdtempSync(join(tmpdir(), 'cauce-faults-'));
  const failpoint = join(scratch, 'failpoint');
  let product: Product;
  let fleet: Fleet;

  before(async () => {
    const preload = new URL('../support/failpoint.ts', import.meta.url).href;
    product = await startProduct({
      privateMysql: true,
      env: { NODE_OPTIONS: `--import=${preload}`, FAILPOINT_FILE: failpoint },
    });
  });
  after(async () => {
    await product?.stop();
    rmSync(scratch, { recursive: true, force: true });
  });
  afterEach(() => fleet.stop());

  async function load(rate = 1_000, statusRate = 50, statusTimes = false): Promise<void> {
    fleet = await Fleet.create(product, { vehicles: 20, rate, statusRate, statusTimes });
    fleet.start();
    await fleet.progress();
  }

  async function complete(): Promise<void> {
    await fleet.progress();
    fleet.stop();
    await fleet.assertComplete();
  }

  it('loses nothing and stores nothing twice when the runtime is killed at random moments', async () => {
    await load();
    for (let kill = 0; kill < 4; kill++) {
      await delay(Math.random() * 500);
      await product.runtime.kill('SIGKILL');
      await fleet.assertAcknowledgedStored();
      await product.runtime.start();
      await fleet.progress();
    }
    await complete();
  });

  it('loses nothing and stores nothing twice when the runtime is killed at each point of a transaction', async () => {
    await load(500);
    for (const point of ['before-insert', 'after-insert', 'before-commit', 'after-commit', 'after-puback']) {
      // Armed at the next start, which may not get ready before it dies.
      writeFileSync(failpoint, `${point}:${Math.floor(Math.random() * 20)}`);
      await product.runtime.kill('SIGKILL');
      const died = once(product.runtime, 'died');
      product.runtime.start().catch(() => {});
      assert.match((await died)[0], /SIGKILL/, point);
      rmSync(failpoint);
      await fleet.assertAcknowledgedStored();
    }
    await product.runtime.start();
    await complete();
  });

  it('stops gracefully in time, and goes on where it was', async () => {
    await load();
    const begin = performance.now();
    await product.runtime.stop();
    assert.ok(performance.now() - begin < 5_000, `${performance.now() - begin} ms`);
    await product.runtime.start();
    await complete();
  });

  it('waits for MySQL, restarted or killed, with no manual step', async () => {
    await load();
    await product.servers.mysql!.stop();
    await delay(1_000);
    await product.servers.mysql!.start();
    await fleet.progress();
    await product.servers.mysql!.kill('SIGKILL');
    await product.servers.mysql!.start();
    await fleet.assertAcknowledgedStored();
    await complete();
  });

  it('waits for a MySQL that hangs', async () => {
    await load();
    product.servers.mysql!.signal('SIGSTOP');
    await delay(3_000);
    product.servers.mysql!.signal('SIGCONT');
    await complete();
  });

  it('does not wait for Redis', async () => {
    await load();
    await product.servers.redis!.stop();
    await fleet.progress(500);
    await product.servers.redis!.start();
    await complete();
  });

  it('loses nothing when Mosquitto is restarted', async () => {
    await load(1_000, 50, true);
    await product.servers.mosquitto!.stop();
    await product.servers.mosquitto!.start();
    await complete();
  });

  it('loses nothing that a device was told is stored when Mosquitto is killed, nor what devices send again', async () => {
    await load(1_000, 0);
    await product.servers.mosquitto!.kill('SIGKILL');
    await product.servers.mosquitto!.start();
    await fleet.assertAcknowledgedStored();
    fleet.stop();
    // What was in the broker's memory only is gone, and its place is a gap until the devices fill it.
    for (let attempt = 0; attempt < 10 && fleet.acknowledged < fleet.sent; attempt++) {
      fleet.sendAgain();
      await delay(1_000);
    }
    await fleet.assertComplete();
  });

  it('loses nothing through full deploys from the editor', async () => {
    const editor = await openEditor(product.baseUrl, product.admin.email, product.admin.password);
    await load();
    for (let deploy = 0; deploy < 4; deploy++) {
      const { flows, rev } = await editor.flows();
      assert.equal((await editor.deploy({ flows, rev }, 'full')).status, 200);
      await fleet.progress();
    }
    await complete();
  });

  it('keeps its memory while MySQL is away, and catches up', async () => {
    await load(2_000, 0);
    const resident = () => {
      const status = readFileSync(`/proc/${product.runtime.pid}/status`, 'utf8');
      return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) * 1024;
    };
    const before = resident();
    await product.servers.mysql!.stop();
    let peak = before;
    for (let second = 0; second < 10; second++) {
      await delay(1_000);
      peak = Math.max(peak, resident());
    }
    await product.servers.mysql!.start();
    await fleet.progress(20_000);
    peak = Math.max(peak, resident());
    await complete();
    assert.ok(peak - before <= 64 * MEBIBYTE, `${((peak - before) / MEBIBYTE).toFixed(1)} MiB`);
  });
});
