import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { type FlowNode, serialise } from '../../runtime/flow-storage/document.ts';
import { openBrowser, openEditorPage } from '../support/editor-page.ts';
import { type Runtime, startRuntime } from '../support/runtime.ts';
import { openSchema, type TestSchema } from '../support/schema.ts';
import { temporaryDirectory } from '../unit/temporary.ts';

const ADMIN = 'admin@cauce.local';
const PASSWORD = 'correct horse battery';

const comment = (id: string, z: string, y = 40): FlowNode => ({
  id,
  type: 'comment',
  z,
  name: `Comment ${id}`,
  info: '',
  x: 140,
  y,
  wires: [],
});
const tab = (id: string): FlowNode => ({ id, type: 'tab', label: id, disabled: false, info: '', env: [] });

describe('the editor in a browser', function () {
  this.timeout(60_000);
  const directory = temporaryDirectory();
  let schema: TestSchema;
  let browser: Browser;
  let runtime: Runtime | undefined;

  before(async () => {
    [schema, browser] = await Promise.all([openSchema(), openBrowser()]);
  });
  after(() => Promise.all([schema.close(), browser.close()]));
  afterEach(async () => {
    await runtime?.stop('SIGKILL');
    runtime = undefined;
  });

  const flowsDir = () => join(directory(), 'flows');
  const contents = () =>
    Object.fromEntries(
      readdirSync(flowsDir()).map((name) => [name, readFileSync(join(flowsDir(), name), 'utf8')]),
    );

  it('renames one node on one of the shared tabs, and that line is all that changes on disk', async () => {
    mkdirSync(flowsDir());
    // The shared configuration nodes as they are shipped, with types of three modules.
    for (const name of ['config.json', 'credentials.json']) {
      writeFileSync(join(flowsDir(), name), readFileSync(new URL(`../../flows/${name}`, import.meta.url)));
    }
    writeFileSync(
      join(flowsDir(), 'one.json'),
      serialise([tab('one'), comment('a', 'one'), comment('b', 'one', 100)]),
    );
    writeFileSync(join(flowsDir(), 'two.json'), serialise([tab('two'), comment('c', 'two')]));
    const before = contents();
    runtime = await startRuntime({
      MYSQL_URL: schema.url,
      REDIS_URL: 'redis://127.0.0.1:1',
      MQTT_URL: 'mqtt://127.0.0.1:1',
      DATA_DIR: join(directory(), 'data'),
      FLOWS_DIR: flowsDir(),
      ADMIN_EMAIL: ADMIN,
      ADMIN_PASSWORD: PASSWORD,
    });

    const page = await openEditorPage(browser, runtime.url, ADMIN, PASSWORD);
    assert.match(await page.title(), /^Cauce/);
    await page.dblclick('#red-ui-workspace-chart [id="a"] rect.red-ui-flow-node');
    // As wide as before: the editor moves a node whose label grows.
    await page.fill('#node-input-name', 'Comment z');
    await page.click('#node-dialog-ok');
    await page.click('#red-ui-header-button-deploy:not(.disabled)');
    await page.waitForSelector('.red-ui-notification:has-text("Successfully deployed")');

    assert.deepEqual(contents(), {
      ...before,
      'one.json': before['one.json']?.replace('Comment a', 'Comment z'),
    });
    await page.close();
  });
});
