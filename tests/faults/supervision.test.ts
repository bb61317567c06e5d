/** `make run` from outside: what it prints, what it survives, what it refuses. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findLeftovers } from '../../local/leftovers.ts';
import { freePorts } from '../../local/ports.ts';
import { apiOf } from '../support/http.ts';

const START = fileURLToPath(new URL('../../local/start.ts', import.meta.url));
const FLOWS = fileURLToPath(new URL('../../flows', import.meta.url));
const READY = /Ready after [\d.]+ s/;

/** A supervisor in the foreground of this test. */
class Run {
  readonly child: ChildProcess;
  readonly ended: Promise<[number | null, NodeJS.Signals | null]>;
  output = '';
  #look: () => void = () => {};

  constructor(command: string, args: string[], env: NodeJS.ProcessEnv) {
    this.child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.ended = once(this.child, 'close') as typeof this.ended;
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.on('data', (chunk) => {
        this.output += chunk;
        this.#look();
      });
    }
  }

  /** Resolves when the output matches. */
  async prints(pattern: RegExp): Promise<void> {
    const found = new Promise<void>((resolve) => {
      this.#look = () => {
        if (pattern.test(this.output)) resolve();
      };
      this.#look();
    });
    const early = this.ended.then(() => {
      if (!pattern.test(this.output)) throw new Error(`It ended without ${pattern}:\n${this.output}`);
    });
    await Promise.race([found, early]);
  }
}

describe('make run', () => {
  let dataDir: string;
  let env: NodeJS.ProcessEnv;
  let api: ReturnType<typeof apiOf>;
  const runs: Run[] = [];

  function start(more: NodeJS.ProcessEnv = {}): Run {
    const run = new Run(process.execPath, [START], { ...env, ...more });
    runs.push(run);
    return run;
  }
  const pidOf = (program: string) =>
    findLeftovers(dataDir).find((process) => process.program === program)?.pid;

  beforeEach(async () => {
    dataDir = realpathSync(mkdtempSync(join(tmpdir(), 'cauce-run-')));
    cpSync(FLOWS, join(dataDir, 'flows'), { recursive: true });
    const [http, mqtt] = await freePorts(0, 0);
    env = {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      DATA_DIR: dataDir,
      FLOWS_DIR: join(dataDir, 'flows'),
      HTTP_HOST: '127.0.0.1',
      HTTP_PORT: String(http),
      MQTT_PORT: String(mqtt),
    };
    api = apiOf(`http://127.0.0.1:${http}`);
  });
  afterEach(async () => {
    for (const { child, ended } of runs.splice(0)) {
      child.kill('SIGTERM');
      await ended;
    }
    for (const { pid } of findLeftovers(dataDir)) process.kill(pid, 'SIGKILL');
    while (findLeftovers(dataDir).length) await delay(20);
    rmSync(dataDir, { recursive: true, force: true });
  });

  const loginOf = (run: Run) => /e-mail\s+(\S+)\s+password\s+(\S+)/.exec(run.output)?.slice(1) ?? [];
  async function loginStatus([email, password]: string[]): Promise<number> {
    return (await api('POST', '/api/auth/login', { body: { email, password } })).status;
  }

  it('prints a login that works, keeps it out of files, refuses a second run, and stops without a rest', async () => {
    const run = start();
    await run.prints(READY);
    const login = loginOf(run);
    assert.equal(await loginStatus(login), 200);
    for (const name of readdirSync(join(dataDir, 'log'))) {
      assert.ok(
        !readFileSync(join(dataDir, 'log', name), 'utf8').includes(login[1]!),
        `${name} has the password`,
      );
    }

    const [http, mqtt] = await freePorts(0, 0);
    const second = start({ HTTP_PORT: String(http), MQTT_PORT: String(mqtt) });
    assert.deepEqual(await second.ended, [1, null]);
    assert.match(second.output, new RegExp(`already runs on ${dataDir} \\(process ${run.child.pid}\\)`));
    assert.equal((await api('GET', '/readyz')).status, 200);

    run.child.kill('SIGINT');
    assert.deepEqual(await run.ended, [0, null]);
    assert.deepEqual(findLeftovers(dataDir), []);
  });

  it('starts again what dies, on the same ports', async () => {
    const run = start();
    await run.prints(READY);
    const login = loginOf(run);
    for (const [program, name] of [
      ['node-red', 'Runtime'],
      ['mysqld', 'MySQL'],
      ['redis-server', 'Redis'],
      ['mosquitto', 'Mosquitto'],
    ] as const) {
      const former = pidOf(program)!;
      process.kill(former, 'SIGKILL');
      await run.prints(new RegExp(`${name} is running again`));
      assert.notEqual(pidOf(program), former);
    }
    while ((await api('GET', '/readyz')).status !== 200) await delay(50);
    assert.equal(await loginStatus(login), 200);
  });

  it('takes over what a supervisor left that was killed with -9', async () => {
    const first = start();
    await first.prints(READY);
    first.child.kill('SIGKILL');
    await first.ended;
    assert.equal(findLeftovers(dataDir).length, 4);

    const second = start();
    await second.prints(READY);
    assert.match(second.output, /Stopped mysqld \(process \d+\), left over/);
    assert.equal(await loginStatus(loginOf(first)), 200);
    assert.deepEqual(loginOf(second), [], 'the login is printed once');
  });

  it('ends with make or npm when those are killed with -9, and the next run waits for that', async () => {
    const script = `require('child_process').spawn(process.execPath, [${JSON.stringify(START)}], { stdio: 'inherit' })`;
    const make = new Run(process.execPath, ['-e', script], { ...env, MAKELEVEL: '1' });
    await make.prints(READY);
    make.child.kill('SIGKILL');
    const next = start();
    await next.prints(READY);
    await make.ended;
    assert.match(make.output, /started this one is gone: stopping[\s\S]+Stopped after/);
    assert.equal((await api('GET', '/readyz')).status, 200);
  });

  it('names the port that is taken, and the variable that chooses another', async () => {
    const squatter = createServer().listen(Number(env.HTTP_PORT), '127.0.0.1');
    await once(squatter, 'listening');
    try {
      const run = start();
      assert.deepEqual(await run.ended, [1, null]);
      assert.match(run.output, new RegExp(`Port ${env.HTTP_PORT} is taken[\\s\\S]+HTTP_PORT=`));
      assert.deepEqual(findLeftovers(dataDir), []);
    } finally {
      squatter.close();
    }
  });

  it('names every variable that is wrong before it starts anything', async () => {
    const run = start({ MQTT_PORT: 'x', HTTP_PORT: '99999999' });
    assert.deepEqual(await run.ended, [1, null]);
    assert.match(run.output, /HTTP_PORT/);
    assert.deepEqual(readdirSync(dataDir), ['flows']);
  });

  it('can be interrupted while it starts', async () => {
    const run = start();
    await run.prints(/Redis is ready/);
    run.child.kill('SIGTERM');
    assert.deepEqual(await run.ended, [0, null]);
    assert.deepEqual(findLeftovers(dataDir), []);
  });
});
