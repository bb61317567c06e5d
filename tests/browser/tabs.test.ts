/** The shipped tabs as an administrator sees them: complete, readable, explained, and editable. */
import assert from 'node:assert/strict';
import type { Browser, Locator, Page } from 'playwright-core';
import { openBrowser, openEditorPage } from '../support/editor-page.ts';
import { eventually } from '../support/eventually.ts';
import { type Product, startProduct } from '../support/product.ts';

interface DrawnNode {
  id: string;
  type: string;
  category: string;
  valid: boolean;
  left: number;
  right: number;
  top: number;
  bottom: number;
  inputs: number;
  next: string[];
}

// Inside the page; the editor's own globals have no types.
declare const RED: any;

describe('the shipped tabs in a browser', function () {
  this.timeout(120_000);
  let product: Product;
  let browser: Browser;
  let page: Page;
  const mistakes: string[] = [];

  before(async () => {
    [product, browser] = await Promise.all([startProduct(), openBrowser()]);
    const { email, password } = product.admin;
    page = await openEditorPage(browser, product.baseUrl, email, password);
    page.on('pageerror', (error) => mistakes.push(error.message));
  });
  after(async () => {
    await browser?.close();
    await product?.stop();
  });
  afterEach(() => assert.deepEqual(mistakes.splice(0), []));

  const tabs = (): Promise<string[]> =>
    page.evaluate(() => {
      const ids: string[] = [];
      RED.nodes.eachWorkspace((tab: any) => ids.push(tab.id));
      return ids;
    });

  async function show(tab: string): Promise<DrawnNode[]> {
    await page.evaluate((id) => RED.workspaces.show(id), tab);
    return eventually(async () => {
      const nodes: DrawnNode[] = await page.evaluate((z) => {
        return RED.nodes.filterNodes({ z }).map((node: any) => ({
          id: node.id,
          type: node.type,
          category: node._def.category,
          valid: node.valid !== false,
          left: node.x - node.w / 2,
          right: node.x + node.w / 2,
          top: node.y - node.h / 2,
          bottom: node.y + node.h / 2,
          inputs: node.inputs,
          next: RED.nodes.filterLinks({ source: node }).map((link: any) => link.target.id),
        }));
      }, tab);
      // Sizes are there when the labels have been drawn.
      const drawn = await page.locator('#red-ui-workspace-chart .red-ui-flow-node-group').count();
      return nodes.length > 0 && drawn === nodes.length ? nodes : undefined;
    });
  }

  it('are there, in their order, without a node that the editor calls invalid', async () => {
    const ids = await tabs();
    for (const tab of ['auth', 'vehicles', 'operations']) assert.ok(ids.includes(tab), tab);
    for (const tab of ids) {
      const invalid = (await show(tab)).filter(({ valid }) => !valid).map(({ id }) => id);
      assert.deepEqual(invalid, [], tab);
    }
  });

  it('are read from left to right, and nothing covers anything', async () => {
    for (const tab of await tabs()) {
      const nodes = await show(tab);
      const byId = new Map(nodes.map((node) => [node.id, node]));
      for (const node of nodes) {
        for (const target of node.next) {
          assert.ok(byId.get(target)!.left >= node.right, `${node.id} → ${target}`);
        }
        for (const other of nodes) {
          const apart =
            other.left >= node.right ||
            other.right <= node.left ||
            other.top >= node.bottom ||
            other.bottom <= node.top;
          assert.ok(other === node || apart, `${node.id} and ${other.id} cover each other`);
        }
      }
    }
  });

  it('explain each of our nodes, with a sentence for the palette first', async () => {
    const types = await page.evaluate(() => {
      const known: string[] = RED.nodes.registry.getNodeTypes();
      return known
        .filter((type) => /palette/.test(RED.nodes.registry.getNodeSetForType(type)?.module ?? ''))
        .map((type) => ({ type, help: RED.nodes.getNodeHelp(type) as string }));
    });
    assert.ok(types.length >= 15, `${types.length} node types`);
    for (const { type, help } of types) {
      assert.match(help ?? '', /^\s*<p>.{15,}/, type);
    }
  });

  it('open the form of each of our nodes without an error, every field with its label', async () => {
    const opened = new Set<string>();
    for (const tab of await tabs()) {
      for (const { id, type, category } of await show(tab)) {
        if (category !== 'cauce' || opened.has(type)) continue;
        opened.add(type);
        await page.evaluate((node) => RED.editor.edit(RED.nodes.node(node)), id);
        await page.waitForSelector('#dialog-form', { state: 'visible' });
        const labels = await page.locator('#dialog-form .form-row label span').allTextContents();
        assert.ok(labels.length > 0, type);
        for (const label of labels) assert.doesNotMatch(label, /^$|^\w+\.\w+/, `${type}: ${label}`);
        await page.click('#node-dialog-cancel');
        await page.waitForSelector('#dialog-form', { state: 'detached' });
      }
    }
  });

  it('open the form of the config nodes, too', async () => {
    for (const [type, id] of [
      ['mqtt accounts', 'cauce-mqtt-accounts'],
      ['redis server', 'cauce-redis'],
    ] as const) {
      await page.evaluate(([kind, node]) => RED.editor.editConfig('', kind, node), [type, id]);
      await page.waitForSelector('#node-config-dialog-edit-form', { state: 'visible' });
      const labels = await page.locator('#node-config-dialog-edit-form label span').allTextContents();
      assert.ok(labels.length > 0 && labels.every((label) => label && !/^\w+\.\w+/.test(label)), type);
      await page.click('#node-config-dialog-cancel');
      await page.waitForSelector('#node-config-dialog-edit-form', { state: 'detached' });
    }
  });

  it('take an endpoint that is drawn by hand: it answers, guarded and documented, after the deploy', async () => {
    await page.evaluate(() => RED.actions.invoke('core:add-flow'));
    await drop('api in', 150, 150, 'api in');
    await drop('api out', 500, 150, '200 item');
    await page.dblclick('#red-ui-workspace-chart .red-ui-flow-node-group:has-text("api in")');
    await page.fill('#node-input-name', 'By hand');
    await page.fill('#node-input-path', '/api/by-hand');
    await page.click('#node-dialog-ok');
    await page.waitForSelector('#dialog-form', { state: 'detached' });
    await drag(
      '.red-ui-flow-node-group:has-text("By hand") .red-ui-flow-port-output .red-ui-flow-port',
      '.red-ui-flow-node-group:has-text("200 item") .red-ui-flow-port-input .red-ui-flow-port',
    );
    await page.click('#red-ui-header-button-deploy:not(.disabled)');
    await page.waitForSelector('.red-ui-notification:has-text("Successfully deployed")');
    await eventually(async () => (await product.asAdmin('GET', '/api/by-hand')).status === 200);
    assert.equal((await product.api('GET', '/api/by-hand')).status, 401);
    const { body } = await product.api('GET', '/api/openapi.json');
    assert.ok(body.paths['/api/by-hand']?.get);
  });

  /** From the palette to a place of the workspace, with the mouse. */
  async function drop(type: string, x: number, y: number, label: string): Promise<void> {
    const chart = (await page.locator('#red-ui-workspace-chart').boundingBox())!;
    const item = page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`);
    await item.scrollIntoViewIfNeeded();
    await mouse(await centreOf(item), { x: chart.x + x, y: chart.y + y });
    await page.waitForSelector(`#red-ui-workspace-chart .red-ui-flow-node-group:has-text("${label}")`);
  }

  async function drag(from: string, to: string): Promise<void> {
    await mouse(await centreOf(page.locator(from)), await centreOf(page.locator(to)));
  }

  async function centreOf(place: Locator): Promise<{ x: number; y: number }> {
    const box = (await place.boundingBox())!;
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  }

  async function mouse(from: { x: number; y: number }, to: { x: number; y: number }): Promise<void> {
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move(to.x, to.y, { steps: 8 });
    await page.mouse.up();
  }
});
