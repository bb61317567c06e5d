/** The Python script against the product: the protocol in another language, by its page alone. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Product, startProduct } from '../support/product.ts';
import { pendingVehicle } from '../support/vehicle.ts';

const SCRIPT = fileURLToPath(new URL('../../simulators/python/vehicle.py', import.meta.url));
/** Debian's, for which python3-paho-mqtt is packaged. */
const PYTHON = '/usr/bin/python3';

describe('the Python vehicle', function () {
  this.timeout(60_000);
  let product: Product;

  before(async () => {
    product = await startProduct();
  });
  after(() => product?.stop());

  function start(id: string, ...flags: string[]) {
    const state = join(product.dataDir, `${id}.json`);
    const child = spawn(
      PYTHON,
      [SCRIPT, '--id', id, '--port', String(product.mqttPort), '--state', state, ...flags],
      { env: { ...process.env, PROVISION_PASSWORD: product.provisionPassword } },
    );
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    const ended = new Promise<{ code: number | null; output: string }>((resolve) =>
      child.once('close', (code) => resolve({ code, output })),
    );
    return { child, ended, state };
  }

  async function seqsOf(id: string): Promise<number[]> {
    const rows = await product.sql<{ seq: number }>(
      'SELECT t.seq FROM telemetry t JOIN vehicles v ON v.no = t.vehicle_no WHERE v.id = ? ORDER BY t.arrival',
      [id],
    );
    return rows.map(({ seq }) => seq);
  }

  const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

  it('registers with its claim code, keeps its account to itself and streams', async () => {
    const code = await pendingVehicle(product, 'python-1');
    const { ended, state } = start('python-1', '--claim', code, '--count', '10', '--interval', '0.05');
    assert.deepEqual(await ended, { code: 0, output: 'registered python-1\n10 samples stored\n' });
    assert.equal((await stat(state)).mode & 0o777, 0o600);
    assert.deepEqual(await seqsOf('python-1'), upTo(10));
  });

  it('says why it was not registered', async () => {
    await pendingVehicle(product, 'python-2');
    const { ended } = start('python-2', '--claim', 'WRONG', '--count', '1');
    const { code, output } = await ended;
    assert.equal(code, 1);
    assert.match(output, /invalid_claim/);
  });

  it('keeps its samples while runtime and broker are away, and sends them until they are stored', async () => {
    const code = await pendingVehicle(product, 'python-3');
    const { ended } = start('python-3', '--claim', code, '--count', '60', '--interval', '0.05');
    while ((await seqsOf('python-3')).length < 10) await new Promise((wait) => setTimeout(wait, 50));
    await product.runtime.kill();
    await product.servers.mosquitto!.kill();
    await product.servers.mosquitto!.start();
    await product.runtime.start();
    const { code: exit, output } = await ended;
    assert.equal(exit, 0, output);
    assert.deepEqual(
      (await seqsOf('python-3')).sort((a, b) => a - b),
      upTo(60),
    );
  });
});
