import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import mysql from 'mysql2/promise';
import { verifyPassword } from '../../nodes/shared/passwords.ts';
import { migrate } from '../../runtime/migrations.ts';
import { prepare } from '../../runtime/prepare.ts';
import { openSchema, type TestSchema } from '../support/schema.ts';
import { temporaryDirectory } from '../unit/temporary.ts';

const MYSQL_INIT = fileURLToPath(new URL('../../mysql-init', import.meta.url));
const files = readdirSync(MYSQL_INIT).filter((name) => name.endsWith('.sql'));
const nothing = async () => {};

describe('migrations', function () {
  this.timeout(60_000);
  const directory = temporaryDirectory();
  let schema: TestSchema;
  before(async () => {
    schema = await openSchema();
  });
  after(() => schema.close());
  beforeEach(() => schema.empty());

  const applied = async () =>
    (await schema.query('SELECT name FROM schema_migrations ORDER BY name')).map(({ name }) => `${name}.sql`);

  async function migrateAndListen(): Promise<string[]> {
    const lines: string[] = [];
    await migrate(schema.target, nothing, { log: (line) => lines.push(line) });
    return lines;
  }

  it('apply every file once, in order', async () => {
    assert.equal((await migrateAndListen()).length, files.length);
    assert.deepEqual(await applied(), files.sort());
    assert.deepEqual(await migrateAndListen(), []);
  });

  it('of processes that start together are applied by one of them', async () => {
    const lines = await Promise.all([migrateAndListen(), migrateAndListen(), migrateAndListen()]);
    assert.equal(lines.flat().length, files.length);
  });

  it('find nothing left to do after the mysql image ran the files', async () => {
    const client = await mysql.createConnection({ ...schema.target, multipleStatements: true });
    for (const name of files.sort()) await client.query(readFileSync(join(MYSQL_INIT, name), 'utf8'));
    await client.end();
    assert.deepEqual(await migrateAndListen(), []);
  });

  it('can be run again, file by file: a crash may have come before the entry', async () => {
    await migrateAndListen();
    await schema.query('DELETE FROM schema_migrations');
    assert.equal((await migrateAndListen()).length, files.length);
  });

  it('refuse a schema that is newer than the code', async () => {
    await migrateAndListen();
    await schema.query("INSERT INTO schema_migrations (name) VALUES ('999_tomorrow')");
    await assert.rejects(migrateAndListen(), /newer than this version of Cauce.*999_tomorrow/);
  });

  it('name the file whose statement fails, and leave it to be run again', async () => {
    writeFileSync(join(directory(), '000_schema_migrations.sql'), read('000_schema_migrations.sql'));
    writeFileSync(join(directory(), '001_broken.sql'), 'CREATE TABLE fine (id INT); CREATE TABEL oops;');
    const run = migrate(schema.target, nothing, { directory: directory() });
    await assert.rejects(run, /^Error: Migration 001_broken failed: .*syntax/);
    assert.deepEqual(await applied(), ['000_schema_migrations.sql']);
  });

  it('wait for a server that is still starting, and say so', async () => {
    // A port on which nothing listens until the wait has been announced.
    const { port: later } = await new Promise<{ port: number }>((resolve) => {
      const probe = createServer().listen(0, '127.0.0.1', () => {
        const address = probe.address() as { port: number };
        probe.close(() => resolve(address));
      });
    });
    let proxy: Server | undefined;
    const lines: string[] = [];
    await migrate({ ...schema.target, host: '127.0.0.1', port: later }, nothing, {
      log(line) {
        lines.push(line);
        if (!proxy) proxy = forward(later, schema.target);
      },
    });
    proxy?.close();
    assert.match(lines[0]!, /^Waiting for MySQL at 127\.0\.0\.1:\d+ \(ECONNREFUSED/);
  });

  it('give up at once on an account that is refused, and on a patience that ends', async () => {
    const wrong = { ...schema.target, password: 'wrong' };
    await assert.rejects(migrate(wrong, nothing), /Access denied/);
    const nobody = { ...schema.target, port: 1 };
    await assert.rejects(migrate(nobody, nothing, { patienceMs: 0 }), /MySQL at .*:1 did not answer within/);
  });
});

describe('the first administrator', function () {
  this.timeout(60_000);
  let schema: TestSchema;
  before(async () => {
    schema = await openSchema();
  });
  after(() => schema.close());
  beforeEach(() => schema.empty());

  const start = (admin: { email?: string; password?: string } = {}) => {
    const mysqlConfig = { owner: schema.target, flows: schema.target };
    return prepare({ mysql: mysqlConfig, admin: { email: admin.email, password: admin.password } });
  };
  const users = () =>
    schema.query('SELECT email, role, password_hash AS hash, token_version FROM users ORDER BY id');

  it('is created once, with a password that is told once', async () => {
    const starts = await Promise.all([start(), start()]);
    const told = starts.flatMap(({ firstAdmin }) => firstAdmin ?? []);
    assert.equal(told.length, 1);
    const [user, ...others] = await users();
    assert.deepEqual([user?.email, user?.role, others], ['admin@cauce.local', 'admin', []]);
    assert.ok(await verifyPassword(user?.hash as string, told[0]!.password));
    assert.match(user?.hash as string, /^\$argon2id\$/);
    assert.deepEqual(await start(), {});
  });

  it('is the one that the environment names, whose password is not told', async () => {
    assert.deepEqual(await start({ email: 'ana@example.org', password: 'chosen' }), {});
    const [user] = await users();
    assert.ok(user?.email === 'ana@example.org' && (await verifyPassword(user.hash as string, 'chosen')));
  });

  it('keeps the password that was set since', async () => {
    await start({ password: 'chosen' });
    const before = await users();
    await start({ password: 'another' });
    assert.deepEqual(await users(), before);
  });

  it('is added beside others when the environment names a new one', async () => {
    await start();
    await start({ email: 'ana@example.org', password: 'chosen' });
    assert.deepEqual(
      (await users()).map(({ email, role }) => `${email} ${role}`),
      ['admin@cauce.local admin', 'ana@example.org admin'],
    );
  });

  it('comes back when there is no administrator left', async () => {
    await start();
    await schema.query("UPDATE users SET role = 'viewer'");
    const { firstAdmin } = await start();
    assert.equal(firstAdmin?.email, 'admin@cauce.local');
    assert.deepEqual(
      (await users()).map(({ role, token_version }) => [role, token_version]),
      [['admin', 2]],
    );
    await schema.query("UPDATE users SET role = 'viewer'");
    await start({ password: 'chosen' });
    const [user] = await users();
    assert.ok(user?.role === 'admin' && (await verifyPassword(user.hash as string, 'chosen')));
  });
});

function read(name: string): string {
  return readFileSync(join(MYSQL_INIT, name), 'utf8');
}

/** Lets connections to a port through to the real server. */
function forward(port: number, target: { host: string; port: number }) {
  const server = createServer((socket) => {
    const upstream = connect(target.port, target.host);
    socket.pipe(upstream).pipe(socket);
    for (const end of [socket, upstream]) end.on('error', () => end.destroy());
  });
  return server.listen(port, '127.0.0.1');
}
