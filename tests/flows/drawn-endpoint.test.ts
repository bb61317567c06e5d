import assert from 'node:assert/strict';
import type { FlowNode } from '../../runtime/flow-storage/document.ts';
import { apiProduct, newMember } from '../support/api-product.ts';
import { openEditor } from '../support/editor.ts';
import type { Product } from '../support/product.ts';

/** What docs/extending.md promises somebody who draws a row in the editor. */
describe('an endpoint drawn in the editor', () => {
  let product: Product;
  let editor: Awaited<ReturnType<typeof openEditor>>;

  const z = 'depots';
  // A node without a place on its tab would be taken for a configuration node.
  const place = { z, x: 100, y: 100 };
  const apiIn = (id: string, more: Record<string, unknown>): FlowNode => ({
    ...{ id, type: 'api in', name: id, role: 'operator', limit: 'none', contract: '', schema: '' },
    ...place,
    ...more,
  });
  const node = (id: string, type: string, more: Record<string, unknown>): FlowNode => {
    return { id, type, ...place, ...more };
  };
  const schema = JSON.stringify({
    type: 'object',
    required: ['name'],
    properties: { name: { type: 'string' }, places: { type: 'integer', minimum: 1 } },
  });
  const tab: FlowNode[] = [
    { id: z, type: 'tab', label: z, disabled: false, info: '', env: [] },
    apiIn('depots-add', { method: 'POST', path: '/api/depots', schema, wires: [['depots-check']] }),
    node('depots-check', 'function', {
      func: `if (msg.payload.name === 'full') {
        node.error(Object.assign(new Error('The depot is full.'), { code: 'conflict' }), msg);
        return null;
      }
      if (msg.payload.name === 'broken') throw new Error('secret of the flow');
      msg.payload = { name: msg.payload.name, places: msg.payload.places };
      return msg;`,
      outputs: 1,
      wires: [['depots-out']],
    }),
    node('depots-out', 'api out', { answer: 'value', status: 201, wires: [] }),
    apiIn('depots-core', { method: 'GET', path: '/api/depots/:id', wires: [['depots-core-payload']] }),
    node('depots-core-payload', 'change', {
      rules: [{ t: 'set', p: 'payload', pt: 'msg', to: 'req.params.id', tot: 'msg' }],
      wires: [['depots-core-out']],
    }),
    node('depots-core-out', 'http response', { statusCode: '', headers: {}, wires: [] }),
    // Drawn twice by mistake: the older one goes on answering.
    apiIn('depots-copy', { method: 'GET', path: '/api/auth/me', wires: [[]] }),
    node('depots-catch', 'catch', { scope: null, uncaught: false, wires: [['depots-problem']] }),
    node('depots-problem', 'api out', { answer: 'value', status: 500, wires: [] }),
  ];

  const deploy = async (change: (flows: FlowNode[]) => FlowNode[]) => {
    const { flows, rev } = await editor.flows();
    const answer = await editor.deploy({ flows: change(flows), rev }, 'flows');
    assert.equal(answer.status, 200, await answer.text());
    // The editor's request is answered while the new nodes start; until they run the API answers 503.
    while ((await product.api('GET', '/healthz')).status === 503);
  };

  before(async function () {
    this.timeout(60_000);
    product = await apiProduct();
    editor = await openEditor(product.baseUrl, product.admin.email, product.admin.password);
    await deploy((flows) => [...flows, ...tab]);
  });
  after(() => deploy((flows) => flows.filter(({ id, z: on }) => id !== z && on !== z)));

  const add = (body: unknown) => product.asAdmin('POST', '/api/depots', { body });

  it('answers what its flow makes', async () => {
    const { status, body } = await add({ name: 'north', places: 3 });
    assert.deepEqual([status, body], [201, { name: 'north', places: 3 }]);
  });

  it('is guarded at once', async () => {
    assert.equal((await product.api('POST', '/api/depots', { body: { name: 'x' } })).status, 401);
    const viewer = await newMember(product, { role: 'viewer' });
    assert.equal((await viewer.api('POST', '/api/depots', { body: { name: 'x' } })).status, 403);
  });

  it('is validated at once', async () => {
    const { status, body } = await add({ places: 0, colour: 'red' });
    assert.equal(status, 422);
    assert.deepEqual(body.errors.map(({ pointer }: { pointer: string }) => pointer).sort(), [
      '/colour',
      '/name',
      '/places',
    ]);
  });

  it('is described at once', async () => {
    const { body } = await product.api('GET', '/api/openapi.json');
    const { security, requestBody } = body.paths['/api/depots'].post;
    assert.deepEqual(security, [{ bearer: ['operator'] }]);
    assert.deepEqual(Object.keys(requestBody.content['application/json'].schema.properties), [
      'name',
      'places',
    ]);
  });

  it('answers a problem that a Function node reports with a code', async () => {
    const { status, body } = await add({ name: 'full' });
    assert.deepEqual([status, body.code, body.detail], [409, 'conflict', 'The depot is full.']);
  });

  it('tells nothing of what breaks inside, except to the log', async () => {
    const { status, body } = await add({ name: 'broken' });
    assert.deepEqual([status, body.code], [500, 'internal']);
    assert.doesNotMatch(JSON.stringify(body), /secret of the flow/);
    const entry = product
      .logs()
      .find(({ request_id, level }) => request_id === body.request_id && level === 'error');
    assert.match(JSON.stringify(entry), /secret of the flow/);
  });

  it('may end in the core node for HTTP responses', async () => {
    const answer = await product.asAdmin('GET', '/api/depots/7');
    assert.deepEqual([answer.status, answer.body], [200, '7']);
  });

  it('does not take the place of one that is there', async () => {
    assert.equal((await product.asAdmin('GET', '/api/auth/me')).body.email, product.admin.email);
    const told = product
      .logs()
      .some(({ msg }) => /GET \/api\/auth\/me is answered by the node auth-me already/.test(msg));
    assert.ok(told);
  });

  it('is gone when it is deleted', async () => {
    await deploy((flows) => flows.filter(({ id }) => id !== 'depots-core'));
    assert.equal((await product.asAdmin('GET', '/api/depots/7')).status, 404);
  });
});
