import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FlowNode, serialise } from '../../runtime/flow-storage/document.ts';
import { logIn, openEditor } from '../support/editor.ts';
import {
  ADMIN,
  database,
  debug,
  FLOWS,
  inject,
  PASSWORD,
  useEditorRuntime,
} from '../support/editor-runtime.ts';
import { spawnRuntime, startRuntime } from '../support/runtime.ts';

describe('the editor', function () {
  this.timeout(60_000);
  const editorRuntime = useEditorRuntime();
  const { dataDir, file, contents, environment, start, addUser } = editorRuntime;

  describe('a start', () => {
    async function refusedStart(): Promise<string> {
      const failed = spawnRuntime(environment());
      const { code } = await failed.exited;
      assert.equal(code, 1);
      return failed.log.find(({ level }) => level === 'fatal')?.err as never as string;
    }

    it('is refused when a flow file does not parse, and the file is left as it is', async () => {
      writeFileSync(file('two.json'), '[\n  {"id": "two",,}\n]');
      const before = contents();
      assert.match(JSON.stringify(await refusedStart()), /two\.json:2:16/);
      assert.deepEqual(contents(), before);
    });

    it('is refused when SECRETS_KEY is not the one of the sealed credentials', async () => {
      const editor = await start();
      const flows = [{ ...database, credentials: { password: 'hunter22' } }];
      assert.equal((await editor.deploy({ flows })).status, 200);
      await editorRuntime.runtime!.stop();
      const secrets = join(dataDir(), 'secrets.json');
      const { SECRETS_KEY: _, ...others } = JSON.parse(readFileSync(secrets, 'utf8'));
      writeFileSync(secrets, JSON.stringify({ ...others, SECRETS_KEY: 'another' }));
      assert.match(JSON.stringify(await refusedStart()), /cannot be decrypted/);
    });

    it('names every variable that is missing', async () => {
      const failed = spawnRuntime({ DATA_DIR: dataDir() });
      assert.equal((await failed.exited).code, 1);
      assert.ok(failed.log.length < 8, 'no stack');
      const output = failed.log.map(({ msg }) => msg).join('\n');
      for (const name of ['MYSQL_URL', 'REDIS_URL', 'MQTT_URL'])
        assert.match(output, new RegExp(`${name}: is not set`));
    });

    it('makes up an administrator, whose password stands in a file of its owner and not in the log', async () => {
      editorRuntime.runtime = await startRuntime({ ...environment(), ADMIN_EMAIL: '', ADMIN_PASSWORD: '' });
      const told = join(dataDir(), 'first-login.txt');
      assert.equal(statSync(told).mode & 0o777, 0o600);
      const [email, password] = readFileSync(told, 'utf8').split('\n') as [string, string];
      assert.doesNotMatch(JSON.stringify(editorRuntime.runtime.log), new RegExp(password));
      assert.ok(await openEditor(editorRuntime.runtime.url, email, password));
    });
  });

  describe('is closed', () => {
    it('to everybody who is not logged in as an administrator', async () => {
      await start();
      const { url } = editorRuntime.runtime!;
      assert.equal((await fetch(`${url}/editor/flows`)).status, 401);
      assert.equal((await fetch(`${url}/editor/settings`)).status, 401);
      assert.equal((await fetch(`${url}/editor/flows`, { method: 'POST', body: '{}' })).status, 401);
      for (const role of ['viewer', 'operator']) {
        assert.equal((await logIn(url, await addUser(role), PASSWORD)).status, 403, role);
      }
      assert.equal((await logIn(url, 'nobody@cauce.local', PASSWORD)).status, 403);
    });

    it('to whoever guesses passwords: the right one no longer helps', async () => {
      await start();
      const email = await addUser('admin');
      for (let attempt = 0; attempt < 10; attempt++)
        await logIn(editorRuntime.runtime!.url, email, `guess ${attempt}`);
      assert.notEqual((await logIn(editorRuntime.runtime!.url, email, PASSWORD)).status, 200);
    });

    it('to an address that tries many accounts', async () => {
      await start();
      const statuses: number[] = [];
      for (let attempt = 0; attempt < 60; attempt++) {
        // No proxy is trusted unless TRUST_PROXY says so: another address in this header is no other address.
        const forged = { 'x-forwarded-for': `192.0.2.${attempt}` };
        const response = await logIn(
          editorRuntime.runtime!.url,
          `user${attempt}@cauce.local`,
          PASSWORD,
          forged,
        );
        statuses.push(response.status);
      }
      assert.deepEqual([statuses[0], statuses.at(-1)], [403, 429]);
    });

    it('to an administrator whose password was changed elsewhere, or who is none any more', async () => {
      const editor = await start();
      assert.equal((await editor.get('flows')).status, 200);
      await editorRuntime.query('UPDATE users SET token_version = token_version + 1 WHERE email = ?', [
        ADMIN,
      ]);
      const begin = Date.now();
      while ((await editor.get('flows')).status === 200) assert.ok(Date.now() - begin < 15_000, 'still open');
    });

    it('to frames of other sites', async () => {
      await start();
      const { headers } = await fetch(`${editorRuntime.runtime!.url}/editor/`);
      assert.match(headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/);
      assert.equal(headers.get('x-content-type-options'), 'nosniff');
      assert.equal(headers.get('x-powered-by'), null);
    });
  });

  it('offers no node that runs programs or touches files, and installs none', async () => {
    const editor = await start();
    const response = await fetch(`${editorRuntime.runtime!.url}/editor/nodes`, {
      headers: { authorization: `Bearer ${editor.token}`, accept: 'application/json' },
    });
    const types = ((await response.json()) as Array<{ types: string[] }>).flatMap((set) => set.types);
    assert.ok(types.includes('function') && types.includes('mysql'));
    const excluded = ['exec', 'tail', 'file', 'file in', 'watch', 'tcp in', 'tcp out', 'udp in', 'udp out'];
    assert.deepEqual(
      excluded.filter((type) => types.includes(type)),
      [],
    );
    const install = await fetch(`${editorRuntime.runtime!.url}/editor/nodes`, {
      method: 'POST',
      headers: { authorization: `Bearer ${editor.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ module: 'node-red-node-random' }),
    });
    assert.equal(install.status, 404);
  });

  it('shows the secrets of the runtime to no flow', async () => {
    const editor = await start();
    const look: FlowNode = {
      id: 'look',
      type: 'function',
      z: 'one',
      name: '',
      func:
        "node.warn(['JWT_SECRET', 'SECRETS_KEY', 'PROVISION_PASSWORD', 'MYSQL_URL', 'ADMIN_PASSWORD', 'MYSQL_HOST']" +
        '.filter((name) => env.get(name)).join());',
      outputs: 0,
      initialize: '',
      finalize: '',
      libs: [],
      x: 300,
      y: 100,
      wires: [],
    };
    const { flows } = await editor.flows();
    const ask = { ...inject('ask', 'one', 'look'), once: true, onceDelay: 0.1 };
    await editor.deploy({ flows: [...flows, look, ask] });
    assert.equal((await editorRuntime.runtime!.logged(/MYSQL_HOST/)).msg, 'MYSQL_HOST');
  });

  describe('stops', () => {
    it('at once when asked, with what it held flushed', async () => {
      await start();
      const begin = Date.now();
      assert.deepEqual(await editorRuntime.runtime!.stop(), { code: 0, signal: null });
      assert.ok(Date.now() - begin < 5_000);
    });

    it('also while it waits for its database', async () => {
      editorRuntime.runtime = spawnRuntime({
        ...environment(),
        MYSQL_URL: 'mysql://cauce@127.0.0.1:1/cauce',
      });
      await editorRuntime.runtime.logged(/Waiting for MySQL/);
      const begin = Date.now();
      assert.equal((await editorRuntime.runtime.stop()).code, 0);
      assert.ok(Date.now() - begin < 5_000);
    });

    it('within 15 s though a node hangs and a client keeps its connection', async () => {
      const nodes = join(dataDir(), 'node-red/nodes');
      mkdirSync(nodes, { recursive: true });
      writeFileSync(join(nodes, 'hang.html'), "<script>RED.nodes.registerType('hang', {})</script>");
      writeFileSync(
        join(nodes, 'hang.js'),
        `module.exports = (RED) => RED.nodes.registerType('hang', function (config) {
          RED.nodes.createNode(this, config);
          this.on('close', (removed, done) => {});
        });`,
      );
      writeFileSync(
        file('one.json'),
        serialise([...FLOWS['one.json']!, { ...debug('stuck', 'one'), type: 'hang' }]),
      );
      await start();
      const begin = Date.now();
      assert.equal((await editorRuntime.runtime!.stop()).code, 0);
      assert.ok(Date.now() - begin < 15_000, `${Date.now() - begin} ms`);
    });
  });
});
