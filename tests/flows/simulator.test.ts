/** The simulated fleet against the product, and the session of docs/device-protocol.md, command by command. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Product, startProduct } from '../support/product.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const SAMPLES = `
  SELECT v.id, t.boot, COUNT(*) AS samples, MIN(t.seq) AS first, MAX(t.seq) AS last
  FROM telemetry t JOIN vehicles v ON v.no = t.vehicle_no WHERE v.id LIKE ? GROUP BY v.id, t.boot ORDER BY v.id`;

interface Boot {
  id: string;
  samples: number;
  first: number;
  last: number;
}

interface Run {
  code: number;
  output: string;
  /** Of the last progress line. */
  acked: number;
}

describe('the simulated fleet', function () {
  this.timeout(60_000);
  let product: Product;

  before(async () => {
    product = await startProduct();
  });
  after(() => product?.stop());

  function start(env: Record<string, string>, ...flags: string[]) {
    const { dataDir, httpPort, mqttPort } = product;
    const addresses = [`--api=http://127.0.0.1:${httpPort}`, `--mqtt=mqtt://127.0.0.1:${mqttPort}`];
    const child = spawn(process.execPath, ['simulators/run.ts', ...addresses, ...flags], {
      cwd: root,
      env: { PATH: process.env.PATH, DATA_DIR: dataDir, ...env },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    const ended = new Promise<Run>((resolve) =>
      child.once('close', (code) => {
        const acked = [...output.matchAll(/(\d+) acked/g)].at(-1)?.[1];
        resolve({ code: code ?? -1, output, acked: Number(acked ?? -1) });
      }),
    );
    return { child, ended };
  }

  function simulate(env: Record<string, string>, ...flags: string[]): Promise<Run> {
    return start(env, ...flags).ended;
  }

  const login = () => ({ ADMIN_EMAIL: product.admin.email, ADMIN_PASSWORD: product.admin.password });
  const storedOf = (prefix: string) => product.sql<Boot>(SAMPLES, [`${prefix}-%`]);
  const total = (boots: Boot[]) => boots.reduce((sum, { samples }) => sum + samples, 0);

  it('says which login is missing instead of trying one', async () => {
    const { code, output } = await simulate({}, '--vehicles=1', '--for=1', '--prefix=none');
    assert.equal(code, 1);
    assert.match(output, /ADMIN_PASSWORD/);
  });

  it('creates, registers and drives its vehicles; what it calls acknowledged is stored, once and without a gap', async () => {
    const run = await simulate(login(), '--vehicles=3', '--rate=20', '--for=2', '--prefix=drive');
    assert.equal(run.code, 0, run.output);
    const boots = await storedOf('drive');
    assert.equal(boots.length, 3);
    for (const { samples, first, last } of boots) assert.deepEqual([first, last], [1, samples]);
    assert.equal(total(boots), run.acked);
    assert.ok(run.acked > 30, run.output);
  });

  it('goes on with what it has learned, without a login', async () => {
    await simulate(login(), '--vehicles=1', '--for=1', '--rate=5', '--prefix=again');
    const second = await simulate({}, '--vehicles=1', '--for=1', '--rate=5', '--prefix=again');
    assert.equal(second.code, 0, second.output);
    assert.equal((await storedOf('again')).length, 2);
  });

  it('keeps what it has learned to itself', async () => {
    const folder = join(product.dataDir, 'simulator');
    for (const name of await readdir(folder)) {
      assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600);
    }
  });

  it('leaves its vehicles offline', async () => {
    await simulate(login(), '--vehicles=1', '--for=1', '--rate=5', '--prefix=gone');
    const { body } = await product.asAdmin('GET', '/api/vehicles/gone-001');
    assert.equal(body.latest_status.state, 'offline');
    assert.equal(body.presence, 'offline');
  });

  it('loses and repeats nothing when the runtime and the broker are killed underway', async () => {
    const { ended } = start(login(), '--vehicles=4', '--rate=50', '--for=8', '--prefix=crash');
    const until = async (samples: number) => {
      while (total(await storedOf('crash')) < samples) await new Promise((wait) => setTimeout(wait, 100));
    };
    await until(100);
    await product.runtime.kill();
    await product.servers.mosquitto!.kill();
    await product.servers.mosquitto!.start();
    await product.runtime.start();
    const run = await ended;
    assert.equal(run.code, 0, run.output);
    const boots = await storedOf('crash');
    assert.equal(boots.length, 4);
    for (const { samples, first, last } of boots) assert.deepEqual([first, last], [1, samples]);
    assert.equal(total(boots), run.acked);
  });

  it('does not bring back a vehicle that was revoked', async () => {
    await simulate(login(), '--vehicles=1', '--for=1', '--rate=5', '--prefix=revoked');
    await product.asAdmin('DELETE', '/api/vehicles/revoked-001');
    const run = await simulate(login(), '--vehicles=1', '--for=6', '--rate=5', '--prefix=revoked');
    assert.match(run.output, /revoked-001 was revoked/);
    const { body } = await product.asAdmin('GET', '/api/vehicles/revoked-001');
    assert.equal(body.state, 'revoked');
  });
});

describe('the session of docs/device-protocol.md', function () {
  this.timeout(60_000);
  let product: Product;

  before(async () => {
    product = await startProduct();
  });
  after(() => product?.stop());

  it('goes as the page says, command by command', async () => {
    const page = readFileSync(join(root, 'docs/device-protocol.md'), 'utf8');
    const [, session] = page.split(/^## A session.*$/m);
    const steps = [
      ...session!.split(/^## /m)[0]!.matchAll(/```sh\n([\s\S]*?)```\n(?:\n```text\n([\s\S]*?)```)?/g),
    ].map(([, commands, output]) => ({ commands: commands!, output }));
    assert.ok(steps.length > 5);

    const script = steps.map(({ commands }) => `${commands}\necho "=== end of step"`).join('\n');
    const { stdout } = await promisify(execFile)('bash', ['-euc', `exec 2>&1\n${script}`], {
      cwd: root,
      env: {
        PATH: process.env.PATH,
        DATA_DIR: product.dataDir,
        HTTP_PORT: String(product.httpPort),
        MQTT_PORT: String(product.mqttPort),
        PROVISION_PASSWORD: product.provisionPassword,
        ADMIN_EMAIL: product.admin.email,
        ADMIN_PASSWORD: product.admin.password,
      },
    });
    const outputs = stdout.split('=== end of step\n');
    for (const [index, { commands, output = '' }] of steps.entries()) {
      assert.match(outputs[index]!, expected(output), commands);
    }
  });

  /** `…` stands for what differs from time to time. */
  function expected(output: string): RegExp {
    const literal = output.trim().replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
    return new RegExp(`^${literal.replaceAll('…', '[\\s\\S]*')}\\s*$`);
  }
});
