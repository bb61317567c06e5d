/** A runtime with two small tabs in a directory of its own, for tests of the editor and of what it writes. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashPassword } from '../../nodes/shared/passwords.ts';
import { type FlowNode, serialise } from '../../runtime/flow-storage/document.ts';
import { temporaryDirectory } from '../unit/temporary.ts';
import { openEditor } from './editor.ts';
import { type Runtime, startRuntime } from './runtime.ts';
import { openSchema, type TestSchema } from './schema.ts';

export const ADMIN = 'admin@cauce.local';
export const PASSWORD = 'correct horse battery';

export const tab = (id: string, label = id): FlowNode => ({
  id,
  type: 'tab',
  label,
  disabled: false,
  info: '',
  env: [],
});
export const inject = (id: string, z: string, ...wires: string[]): FlowNode => ({
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
export const debug = (id: string, z: string): FlowNode => ({
  id,
  type: 'debug',
  z,
  name: id,
  active: false,
  x: 300,
  y: 40,
  wires: [],
});
export const database: FlowNode = {
  id: 'db',
  type: 'MySQLdatabase',
  name: '',
  host: 'localhost',
  port: '3306',
  db: 'x',
  tz: '',
};

export const FLOWS: Record<string, FlowNode[]> = {
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

/** Call it in a `describe`: each test gets fresh flows and an empty schema, and its runtime is stopped. */
export function useEditorRuntime() {
  const directory = temporaryDirectory();
  let schema: TestSchema;
  const flowsDir = () => join(directory(), 'flows');
  const dataDir = () => join(directory(), 'data');
  const file = (name: string) => join(flowsDir(), name);
  const read = (name: string) => readFileSync(file(name), 'utf8');
  const environment = () => ({
    MYSQL_URL: schema.url,
    REDIS_URL: 'redis://127.0.0.1:1',
    MQTT_URL: 'mqtt://127.0.0.1:1',
    DATA_DIR: dataDir(),
    FLOWS_DIR: flowsDir(),
    ADMIN_EMAIL: ADMIN,
    ADMIN_PASSWORD: PASSWORD,
  });

  before(async () => {
    schema = await openSchema();
  });
  after(() => schema.close());
  beforeEach(async () => {
    await schema.empty();
    mkdirSync(flowsDir());
    for (const [name, nodes] of Object.entries(FLOWS)) writeFileSync(file(name), serialise(nodes));
  });
  afterEach(async () => {
    await fixture.runtime?.stop('SIGKILL');
    fixture.runtime = undefined;
  });

  const fixture = {
    /** The one that runs. A test that starts one itself puts it here. */
    runtime: undefined as Runtime | undefined,
    flowsDir,
    dataDir,
    file,
    read,
    contents: () => Object.fromEntries(readdirSync(flowsDir()).map((name) => [name, read(name)])),
    environment,
    query: (sql: string, values?: unknown[]) => schema.query(sql, values),
    /** Starts the runtime and logs in. */
    async start() {
      fixture.runtime = await startRuntime(environment());
      return openEditor(fixture.runtime.url, ADMIN, PASSWORD);
    },
    /** @returns the e-mail address of a user with that role */
    async addUser(role: string): Promise<string> {
      const email = `${role}@cauce.local`;
      await schema.query(
        'INSERT INTO users (email, role, password_hash) VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE role = VALUES(role)',
        [email, role, await hashPassword(PASSWORD)],
      );
      return email;
    },
  };
  return fixture;
}
