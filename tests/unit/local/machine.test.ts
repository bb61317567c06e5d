import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { credentials } from '../../../local/credentials.ts';
import { findLeftovers, stopLeftovers } from '../../../local/leftovers.ts';
import { logFile, rotateLogs, tail } from '../../../local/log-file.ts';
import { freePorts, isTaken } from '../../../local/ports.ts';
import { findProgram, requireProgram } from '../../../local/programs.ts';
import { temporaryDirectory } from '../temporary.ts';

describe('what a killed run left behind', () => {
  const directory = temporaryDirectory();

  /** A process that looks like the named server started on that directory. */
  function pretend(program: string, dataDir: string) {
    return spawn('/bin/sleep', ['60'], { argv0: `/usr/sbin/${program}`, cwd: dataDir, stdio: 'ignore' });
  }

  it('is found by the data directory, and stopped', async () => {
    const dataDir = join(directory(), 'data', 'redis');
    mkdirSync(dataDir, { recursive: true });
    const child = pretend('redis-server', dataDir);
    await once(child, 'spawn');
    assert.deepEqual(findLeftovers(join(directory(), 'data')), [{ pid: child.pid, program: 'redis-server' }]);
    const ended = once(child, 'exit');
    await stopLeftovers(join(directory(), 'data'));
    assert.deepEqual(await ended, [null, 'SIGTERM']);
  });

  it('is not a server of a directory with a similar name, nor another program', async () => {
    const strangers = [
      ['redis-server', 'data2/redis'],
      ['redis-server', 'data/of-somebody/redis'],
      ['vim', 'data/redis'],
    ].map(([program, path]) => {
      mkdirSync(join(directory(), path!), { recursive: true });
      return pretend(program!, join(directory(), path!));
    });
    await Promise.all(strangers.map((child) => once(child, 'spawn')));
    try {
      assert.deepEqual(findLeftovers(join(directory(), 'data')), []);
    } finally {
      for (const child of strangers) child.kill();
    }
  });
});

describe('ports', () => {
  it('are free, and different from each other', async () => {
    const ports = await freePorts(0, 0, 0);
    assert.equal(new Set(ports).size, 3);
    for (const port of ports) assert.equal(await isTaken(port), false);
  });

  it('that are taken are seen, on all addresses too, and not handed out', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    try {
      assert.equal(await isTaken(port), true);
      assert.equal(await isTaken(port, '0.0.0.0'), true);
      assert.notEqual((await freePorts(port))[0], port);
    } finally {
      server.close();
    }
  });
});

describe('passwords of the private servers', () => {
  const directory = temporaryDirectory();

  it('are made up once, all different, for the owner of the file only', () => {
    const first = credentials(directory());
    assert.deepEqual(credentials(directory()), first);
    assert.equal(new Set(Object.values(first)).size, Object.keys(first).length);
    assert.equal(statSync(join(directory(), 'servers.json')).mode & 0o777, 0o600);
  });

  it('are completed, not replaced', () => {
    writeFileSync(join(directory(), 'servers.json'), '{"redis":"kept"}');
    assert.equal(credentials(directory()).redis, 'kept');
  });

  it('stand in SQL, URLs and configuration files without being quoted', () => {
    for (const password of Object.values(credentials(directory()))) assert.match(password, /^[\w-]{32}$/);
  });
});

describe('log files', () => {
  const directory = temporaryDirectory();

  it('are moved aside when they have grown, under the program that writes them', () => {
    const file = logFile(directory(), 'runtime');
    writeFileSync(file, 'x'.repeat(100));
    rotateLogs(directory(), 99);
    assert.equal(readFileSync(`${file}.1`, 'utf8').length, 100);
    assert.equal(statSync(file).size, 0);
    rotateLogs(directory(), 99);
    assert.equal(statSync(`${file}.1`).size, 100);
  });

  it('end in an error message with their last lines', () => {
    const file = logFile(directory(), 'mysql');
    writeFileSync(file, Array.from({ length: 200 }, (_, i) => `line ${i}`).join('\n'));
    assert.match(tail(file), /^line 185\n[\s\S]+line 199$/);
  });
});

describe('programs', () => {
  it('are found outside the PATH of an ordinary user', () => {
    const path = process.env.PATH;
    process.env.PATH = '/usr/bin';
    try {
      assert.equal(findProgram('no-such-program', 'sh'), '/usr/bin/sh');
      // every Debian has one of these, in a directory that only root's PATH names
      assert.ok(existsSync(requireProgram('ldconfig')));
    } finally {
      process.env.PATH = path;
    }
  });

  it('that are missing are named', () => {
    assert.throws(() => requireProgram('no-such-program'), /no-such-program is not installed/);
  });
});
