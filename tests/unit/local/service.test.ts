import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runningServices, Service, type ServiceOptions } from '../../../local/service.ts';
import { Supervisor } from '../../../local/supervisor.ts';
import { temporaryDirectory } from '../temporary.ts';

/** Stands for a server: ready when it has written its process id into the file `ready`. */
const SERVES = 'require("fs").writeFileSync("ready", String(process.pid)); setInterval(() => {}, 1000);';

describe('a program beside us', () => {
  const directory = temporaryDirectory();
  const services: Service[] = [];

  function service(script: string, options: Partial<ServiceOptions> = {}): Service {
    const created = new Service({
      name: 'Server',
      command: process.execPath,
      args: ['-e', script],
      cwd: directory(),
      logFile: join(directory(), 'server.log'),
      async probe() {
        const ready = join(directory(), 'ready');
        if (!existsSync(ready) || readFileSync(ready, 'utf8') !== String(created.pid)) {
          throw new Error('no file yet');
        }
      },
      ...options,
    });
    services.push(created);
    return created;
  }

  afterEach(() => Promise.all(services.splice(0).map((each) => each.stop())));

  it('is started when it answers', async () => {
    const server = service(SERVES);
    await server.start();
    assert.equal(readFileSync(join(directory(), 'ready'), 'utf8'), String(server.pid));
    assert.ok(runningServices().includes(server));
  });

  it('shows the end of its log when it ends instead of answering', async () => {
    const server = service('console.error("port is taken"); process.exit(3)');
    await assert.rejects(server.start(), /Server did not start: exit code 3[\s\S]+port is taken/);
    assert.equal(server.running, false);
  });

  it('says what is missing when it does not answer in time', async () => {
    const server = service('setInterval(() => {}, 1000)', { readyTimeout: 200 });
    await assert.rejects(server.start(), /not ready after 0\.2 s \(no file yet\)/);
  });

  it('tells when the program is not there', async () => {
    await assert.rejects(
      service('', { command: '/nowhere/server' }).start(),
      /did not start: spawn .*ENOENT/,
    );
  });

  it('ends without being called dead when it is told to stop', async () => {
    const server = service(SERVES);
    await server.start();
    server.on('died', () => assert.fail('it did not die, it was stopped'));
    await server.stop();
    assert.equal(server.running, false);
  });

  it('is killed when it does not listen', async () => {
    const server = service(`process.on("SIGTERM", () => {}); ${SERVES}`, { stopTimeout: 100 });
    await server.start();
    await server.stop();
    assert.equal(server.running, false);
  });

  it('can be stopped while it starts', async () => {
    const server = service('setInterval(() => {}, 1000)');
    const start = server.start();
    await Promise.all([assert.rejects(start, /did not start: signal SIGTERM/), server.stop()]);
  });

  describe('under supervision', () => {
    /** A supervisor's lines, which can be waited for. */
    function supervise(): { supervisor: Supervisor; lines: string[]; again(): Promise<void> } {
      const lines: string[] = [];
      let running = Promise.withResolvers<void>();
      const log = (line: string) => {
        lines.push(line);
        if (line === 'Server is running again') running.resolve();
      };
      return {
        supervisor: new Supervisor({ backoff: 1, log }),
        lines,
        async again() {
          await running.promise;
          running = Promise.withResolvers();
        },
      };
    }

    it('is started again each time it dies', async () => {
      const { supervisor, lines, again } = supervise();
      const server = service(SERVES);
      await server.start();
      supervisor.watch(server);
      for (const round of [1, 2]) {
        const former = server.pid;
        await server.kill();
        await again();
        assert.notEqual(server.pid, former);
        assert.equal(lines.filter((line) => line === 'Server ended (signal SIGKILL)').length, round);
      }
      supervisor.stop();
    });

    it('is tried again until it starts', async () => {
      const { supervisor, lines, again } = supervise();
      // It refuses the first two starts after it has died.
      const server = service(`const fs = require("fs");
        const starts = fs.existsSync("starts") ? Number(fs.readFileSync("starts")) + 1 : 1;
        fs.writeFileSync("starts", String(starts));
        if (starts === 2 || starts === 3) process.exit(1);
        ${SERVES}`);
      await server.start();
      supervisor.watch(server);
      await server.kill();
      await again();
      assert.equal(readFileSync(join(directory(), 'starts'), 'utf8'), '4');
      assert.equal(lines.filter((line) => line.includes('next try in')).length, 2);
      supervisor.stop();
    });

    it('is left alone when it is stopped', async () => {
      const supervisor = new Supervisor({ backoff: 1, log: (line) => assert.fail(line) });
      const server = service(SERVES);
      await server.start();
      supervisor.watch(server);
      supervisor.stop();
      await server.stop();
      assert.equal(server.running, false);
    });
  });
});
