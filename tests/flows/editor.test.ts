import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashPassword } from '../../nodes/shared/passwords.ts';
import { type FlowNode, serialise } from '../../runtime/flow-storage/document.ts';
import { logIn, openEditor } from '../support/editor.ts';
import { type Runtime, spawnRuntime, startRuntime } from '../support/runtime.ts';
import { openSchema, type TestSchema } from '../support/schema.ts';
import { temporaryDirectory } from '../unit/temporary.ts';

const ADMIN = 'admin@cauce.local';
const PASSWORD = 'correct horse battery';

const tab = (id: string, label = id): FlowNode => ({
  id,
  type: 'tab',
  label,
  disabled: false,
  info: '',
  env: [],
});
const inject = (id: string, z: string, ...wires: string[]): FlowNode => ({
  id,
  type: 'inject',
  z,
  name: id,
  props: [],
  repeat: '',
  once: false,
  topic: '',
  x: 100,
  y: 40,
  wires: [wires],
});
const debug = (id: string, z: string): FlowNode => ({
  id,
  type: 'debug',
  z,
  name: id,
  active: false,
  x: 300,
  y: 40,
  wires: [],
});
const database: FlowNode = {
  id: 'db',
  type: 'MySQLdatabase',
  name: '',
  host: 'localhost',
  port: '3306',
  db: 'x',
  tz: '',
};

const FLOWS: Record<string, FlowNode[]> = {
  'config.json': [database],
  'one.json': [tab('one'), inject('one-in', 'one', 'one-out'), debug('one-out', 'one')],
  'two.json': [
    tab('two'),
    { id: 'box', type: 'group', z: 'two', name: 'A box', nodes: ['two-in'] },
    { ...inject('two-in', 'two'), g: 'box' },
  ],
  'subflow-twice.json': [
    { id: 'twice', type: 'subflow', name: 'Twice', info: '', category: '', in: [], out: [], env: [] },
    debug('twice-out', 'twice'),
  ],
};

describe('the editor', function () {
  this.timeout(60_000);
  const directory = temporaryDirectory();
  let schema: TestSchema;
  let runtime: Runtime | undefined;

  before(async () => {
    schema = await openSchema();
  });
  after(() => schema.close());
  afterEach(async () => {
    await runtime?.stop('SIGKILL');
    runtime = undefined;
  });

  const flowsDir = () => join(directory(), 'flows');
  const dataDir = () => join(directory(), 'data');
  const file = (name: string) => join(flowsDir(), name);
  const read = (name: string) => readFileSync(file(name), 'utf8');
  const contents = () => Object.fromEntries(readdirSync(flowsDir()).map((name) => [name, read(name)]));

  beforeEach(async () => {
    await schema.empty();
    mkdirSync(flowsDir());
    for (const [name, nodes] of Object.entries(FLOWS)) writeFileSync(file(name), serialise(nodes));
  });

  const environment = () => ({
    MYSQL_URL: schema.url,
    REDIS_URL: 'redis://127.0.0.1:1',
    MQTT_URL: 'mqtt://127.0.0.1:1',
    DATA_DIR: dataDir(),
    FLOWS_DIR: flowsDir(),
    ADMIN_EMAIL: ADMIN,
    ADMIN_PASSWORD: PASSWORD,
  });

  async function start() {
    runtime = await startRuntime(environment());
    return openEditor(runtime.url, ADMIN, PASSWORD);
  }

  async function addUser(role: string): Promise<string> {
    const email = `${role}@cauce.local`;
    await schema.query(
      'INSERT INTO users (email, role, password_hash) VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE role = VALUES(role)',
      [email, role, await hashPassword(PASSWORD)],
    );
    return email;
  }

  describe('deploys', () => {
    it('change the file of the tab that was touched, and no other', async () => {
      const editor = await start();
      const before = contents();
      const { flows, rev } = await editor.flows();
      const edited = flows.map((node) => (node.id === 'one-in' ? { ...node, name: 'Start' } : node));
      assert.equal((await editor.deploy({ flows: edited.reverse(), rev })).status, 200);

      const after = contents();
      assert.equal(after['one.json'], before['one.json']?.replace('"name": "one-in"', '"name": "Start"'));
      // The order of the list is the order of the tabs, which was turned round.
      assert.deepEqual(after, { ...before, 'one.json': after['one.json'], 'tabs.json': '["two", "one"]\n' });
    });

    it('add and remove files with their tabs, and the next start has them all', async () => {
      const editor = await start();
      const { flows } = await editor.flows();
      const kept = flows.filter(({ id, z }) => id !== 'two' && z !== 'two');
      const generated = 'fedcba9876543210';
      const deployed = [...kept, tab(generated, 'New things'), debug('new', generated)];
      assert.equal((await editor.deploy({ flows: deployed })).status, 200);
      assert.deepEqual(Object.keys(contents()).sort(), [
        'config.json',
        'new-things.json',
        'one.json',
        'subflow-twice.json',
        'tabs.json',
      ]);

      await runtime!.stop();
      const again = await start();
      const byId = (nodes: FlowNode[]) => [...nodes].sort((a, b) => (a.id < b.id ? -1 : 1));
      assert.deepEqual(byId((await again.flows()).flows), byId(deployed));
    });

    it('keep a password that was typed in sealed, and use it after a restart', async () => {
      const editor = await start();
      const { flows } = await editor.flows();
      const typed = { user: 'someone', password: 'hunter22' };
      const withPassword = flows.map((node) => (node.id === 'db' ? { ...node, credentials: typed } : node));
      assert.equal((await editor.deploy({ flows: withPassword })).status, 200);

      const sealed = join(dataDir(), 'credentials.json');
      assert.doesNotMatch(JSON.stringify(contents()) + readFileSync(sealed, 'utf8'), /hunter22|someone/);
      assert.equal(statSync(sealed).mode & 0o777, 0o600);
      await runtime!.stop();
      const again = await start();
      const credentials = await (await again.get('credentials/MySQLdatabase/db')).json();
      assert.deepEqual(credentials, { user: 'someone', has_password: true });
    });

    it('are refused when the file was changed outside, until that change is loaded', async () => {
      const editor = await start();
      const { flows } = await editor.flows();
      const mine = flows.map((node) => (node.id === 'one' ? { ...node, label: 'mine' } : node));
      const pulled = serialise(
        FLOWS['one.json']!.map((node) => ({ ...node, ...(node.id === 'one' && { info: 'pulled' }) })),
      );
      writeFileSync(file('one.json'), pulled);

      const refused = await editor.deploy({ flows: mine });
      assert.equal(refused.status, 400);
      const problem = (await refused.json()) as { code: string; message: string };
      assert.equal(problem.code, 'flows_changed_on_disk');
      assert.match(problem.message, /one\.json was changed outside the editor/);
      assert.equal(read('one.json'), pulled);

      assert.equal((await editor.deploy({}, 'reload')).status, 200);
      const { flows: loaded } = await editor.flows();
      assert.equal(loaded.find(({ id }) => id === 'one')?.info, 'pulled');
      const merged = loaded.map((node) => (node.id === 'one' ? { ...node, label: 'mine' } : node));
      assert.equal((await editor.deploy({ flows: merged })).status, 200);
      assert.match(read('one.json'), /"mine"/);
    });

    it('from disk are refused while a file is broken, and nothing is lost', async () => {
      const editor = await start();
      const intact = read('two.json');
      writeFileSync(file('two.json'), intact.slice(0, -10));
      const before = contents();
      const refused = await editor.deploy({}, 'reload');
      assert.equal(refused.status, 400);
      assert.match(((await refused.json()) as { message: string }).message, /two\.json:\d+:\d+/);
      await editor.deploy({ flows: [] });
      assert.deepEqual(contents(), before);

      writeFileSync(file('two.json'), intact);
      assert.equal((await editor.deploy({}, 'reload')).status, 200);
      assert.equal((await editor.flows()).flows.length, Object.values(FLOWS).flat().length);
    });
  });

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
      await runtime!.stop();
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
      runtime = await startRuntime({ ...environment(), ADMIN_EMAIL: '', ADMIN_PASSWORD: '' });
      const told = join(dataDir(), 'first-login.txt');
      assert.equal(statSync(told).mode & 0o777, 0o600);
      const [email, password] = readFileSync(told, 'utf8').split('\n') as [string, string];
      assert.doesNotMatch(JSON.stringify(runtime.log), new RegExp(password));
      assert.ok(await openEditor(runtime.url, email, password));
    });
  });

  describe('is closed', () => {
    it('to everybody who is not logged in as an administrator', async () => {
      await start();
      const { url } = runtime!;
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
      for (let attempt = 0; attempt < 10; attempt++) await logIn(runtime!.url, email, `guess ${attempt}`);
      assert.notEqual((await logIn(runtime!.url, email, PASSWORD)).status, 200);
    });

    it('to an address that tries many accounts', async () => {
      await start();
      const statuses: number[] = [];
      for (let attempt = 0; attempt < 60; attempt++) {
        // No proxy is trusted unless TRUST_PROXY says so: another address in this header is no other address.
        const forged = { 'x-forwarded-for': `192.0.2.${attempt}` };
        const response = await logIn(runtime!.url, `user${attempt}@cauce.local`, PASSWORD, forged);
        statuses.push(response.status);
      }
      assert.deepEqual([statuses[0], statuses.at(-1)], [403, 429]);
    });

    it('to an administrator whose password was changed elsewhere, or who is none any more', async () => {
      const editor = await start();
      assert.equal((await editor.get('flows')).status, 200);
      await schema.query('UPDATE users SET token_version = token_version + 1 WHERE email = ?', [ADMIN]);
      const begin = Date.now();
      while ((await editor.get('flows')).status === 200) assert.ok(Date.now() - begin < 15_000, 'still open');
    });

    it('to frames of other sites', async () => {
      await start();
      const { headers } = await fetch(`${runtime!.url}/editor/`);
      assert.match(headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/);
      assert.equal(headers.get('x-content-type-options'), 'nosniff');
      assert.equal(headers.get('x-powered-by'), null);
    });
  });

  it('offers no node that runs programs or touches files, and installs none', async () => {
    const editor = await start();
    const response = await fetch(`${runtime!.url}/editor/nodes`, {
      headers: { authorization: `Bearer ${editor.token}`, accept: 'application/json' },
    });
    const types = ((await response.json()) as Array<{ types: string[] }>).flatMap((set) => set.types);
    assert.ok(types.includes('function') && types.includes('mysql'));
    const excluded = ['exec', 'tail', 'file', 'file in', 'watch', 'tcp in', 'tcp out', 'udp in', 'udp out'];
    assert.deepEqual(
      excluded.filter((type) => types.includes(type)),
      [],
    );
    const install = await fetch(`${runtime!.url}/editor/nodes`, {
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
    assert.equal((await runtime!.logged(/MYSQL_HOST/)).msg, 'MYSQL_HOST');
  });

  describe('stops', () => {
    it('at once when asked, with what it held flushed', async () => {
      await start();
      const begin = Date.now();
      assert.deepEqual(await runtime!.stop(), { code: 0, signal: null });
      assert.ok(Date.now() - begin < 5_000);
    });

    it('also while it waits for its database', async () => {
      runtime = spawnRuntime({ ...environment(), MYSQL_URL: 'mysql://cauce@127.0.0.1:1/cauce' });
      await runtime.logged(/Waiting for MySQL/);
      const begin = Date.now();
      assert.equal((await runtime.stop()).code, 0);
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
      assert.equal((await runtime!.stop()).code, 0);
      assert.ok(Date.now() - begin < 15_000, `${Date.now() - begin} ms`);
    });
  });
});
