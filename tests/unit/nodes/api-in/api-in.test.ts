import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Message } from '../../../../nodes/shared/red.ts';
import type { Api } from '../../../support/http.ts';
import { ApiRuntime } from '../api-runtime.ts';
import { assertProblem } from './assert-problem.ts';
import { thing } from './thing.ts';

describe('api in', () => {
  let runtime: ApiRuntime;
  let api: Api;

  beforeEach(async () => {
    runtime = new ApiRuntime();
    runtime.contracts['things.create'] = thing;
    api = await runtime.start();
  });
  afterEach(() => runtime.stop());

  describe('finds the endpoint', () => {
    beforeEach(() => {
      runtime.endpoint({ method: 'GET', path: '/api/things/:id' }, (message) => ({
        ...message,
        payload: (message.request as { params: object }).params,
      }));
      runtime.endpoint({ method: 'DELETE', path: '/api/things/:id' });
    });

    it('by method and path', async () => {
      assert.deepEqual((await api('GET', '/api/things/a%20b')).body, { id: 'a b' });
    });

    it('and answers unknown paths under /api with a problem', async () => {
      for (const path of ['/api', '/api/', '/api/nothing', '/api/things']) {
        assertProblem(await api('GET', path), 404, 'not_found');
      }
    });

    it('and leaves other paths to others', async () => {
      assert.equal((await api('GET', '/other')).body, 'not ours');
      assert.equal((await api('GET', '/apiary')).status, 404);
    });

    it('and names the methods that there are when another is asked', async () => {
      const answer = await api('PUT', '/api/things/1', { body: {} });
      assertProblem(answer, 405, 'method_not_allowed');
      assert.equal(answer.headers.get('allow'), 'GET, DELETE, HEAD, OPTIONS');
    });

    it('and answers OPTIONS with the methods, HEAD like GET without a body', async () => {
      const options = await api('OPTIONS', '/api/things/1');
      assert.deepEqual([options.status, options.headers.get('allow')], [204, 'GET, DELETE, HEAD, OPTIONS']);
      const head = await api('HEAD', '/api/things/1');
      assert.deepEqual([head.status, head.headers.get('content-length'), head.body], [200, '10', '']);
    });

    it('and refuses an escape that does not decode', async () => {
      assertProblem(await api('GET', '/api/things/%E0%A4%A'), 400, 'bad_request');
    });
  });

  describe('names each request', () => {
    beforeEach(() => void runtime.endpoint({ method: 'GET', path: '/api/x' }));

    it('as the client did', async () => {
      const answer = await api('GET', '/api/x', { headers: { 'x-request-id': 'trace-1/2' } });
      assert.equal(answer.headers.get('x-request-id'), 'trace-1/2');
    });

    it('anew when the client sent nonsense, or nothing', async () => {
      for (const id of ['a b', '"><script>', 'x'.repeat(129)]) {
        const answer = await api('GET', '/api/x', { headers: { 'x-request-id': id } });
        assert.match(answer.headers.get('x-request-id')!, /^[0-9a-f-]{36}$/);
      }
      assert.match((await api('GET', '/api/none')).headers.get('x-request-id')!, /^[0-9a-f-]{36}$/);
    });
  });

  it('checks the query, whose names it knows', async () => {
    const schema = JSON.stringify({ type: 'object', properties: { n: { type: 'integer', default: 5 } } });
    runtime.endpoint({ method: 'GET', path: '/api/q', schema }, ({ payload, ...rest }) => ({
      ...rest,
      payload: { n: (payload as { n: unknown }).n },
    }));
    assert.deepEqual((await api('GET', '/api/q?n=7')).body, { n: 7 });
    assert.deepEqual((await api('GET', '/api/q')).body, { n: 5 });
    for (const query of ['n=x', 'n=1&n=2', 'm=1', '__proto__=1'])
      assertProblem(await api('GET', `/api/q?${query}`), 422, 'schema');
  });

  it('limits logins by the account in the body', async () => {
    const schema = JSON.stringify({ type: 'object', properties: { email: { type: 'string' } } });
    runtime.contracts.login = { ...thing, body: JSON.parse(schema), responses: {} };
    runtime.endpoint({ method: 'POST', path: '/api/login', limit: 'login', contract: 'login' });
    const login = () => api('POST', '/api/login', { body: { email: 'a@example.com' } });
    for (let count = 0; count < 3; count++) assert.equal((await login()).status, 200);
    const refused = await login();
    assertProblem(refused, 429, 'too_many_requests');
    assert.ok(Number(refused.headers.get('retry-after')) >= 1);
  });

  describe('when the flow', () => {
    it('does not answer, says so after the deadline, and the answer that comes later is ignored', async () => {
      let late: Message | undefined;
      runtime.endpoint({ method: 'GET', path: '/api/slow', timeout: 1 }, (message) => {
        late = message;
        return undefined;
      });
      const answer = await api('GET', '/api/slow');
      assertProblem(answer, 503, 'no_answer');
      assert.ok(answer.headers.has('retry-after'));
      assert.equal(runtime.logged.length, 1);
      await runtime.out().input(late!);
    });

    it('answers twice, the first answer counts', async () => {
      runtime.endpoint({ method: 'GET', path: '/api/twice' }, async (message) => {
        await runtime.out().input({ ...message, payload: 'first' });
        return { ...message, payload: 'second' };
      });
      assert.equal((await api('GET', '/api/twice')).body, 'first');
    });

    it('is being exchanged by a deploy, says so until the new one runs', async () => {
      runtime.endpoint({ method: 'GET', path: '/health' }, (message) => ({ ...message, payload: 'ok' }));
      runtime.events.emit('flows:stopping');
      for (const path of ['/api/anything', '/health']) {
        const answer = await api('GET', path);
        assertProblem(answer, 503, 'unavailable');
        assert.ok(answer.headers.has('retry-after'));
      }
      assert.equal((await api('GET', '/other')).status, 200);
      runtime.events.emit('flows:started');
      assert.equal((await api('GET', '/health')).status, 200);
    });

    it('is gone, says that there is nothing any more', async () => {
      const endpoint = runtime.endpoint({ method: 'GET', path: '/api/x' });
      await endpoint.close();
      assertProblem(await api('GET', '/api/x'), 404, 'not_found');
    });

    it('is exchanged while a body is still on its way, asks to come back and starts nothing', async () => {
      const started: Message[] = [];
      const flow = (message: Message) => void started.push(message);
      const endpoint = runtime.endpoint({ method: 'POST', path: '/api/x', contract: 'things.create' }, flow);
      const socket = connect(runtime.port, '127.0.0.1');
      const head =
        'POST /api/x HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n';
      const asked = once(runtime.events, 'asked');
      socket.write(`${head}{"name"`);
      await asked;
      await endpoint.close();
      socket.write(':"x"}');
      const [answer] = await once(socket, 'data');
      assert.match(String(answer), /^HTTP\/1.1 503 /);
      assert.deepEqual(started, []);
      socket.destroy();
    });

    it('is exchanged under an open request, answers it soon', async () => {
      const open = Promise.withResolvers<void>();
      const endpoint = runtime.endpoint(
        { method: 'GET', path: '/api/x', timeout: 100 },
        () => void open.resolve(),
      );
      const answer = api('GET', '/api/x', { timeout: 5_000 });
      await open.promise;
      await endpoint.close();
      assertProblem(await answer, 503, 'no_answer');
    });
  });

  describe('cannot be deployed', () => {
    const refuses = (config: Parameters<ApiRuntime['endpoint']>[0], why: RegExp) =>
      assert.throws(() => runtime.endpoint(config), why);

    it('twice for one method and path', () => {
      runtime.endpoint({ method: 'GET', path: '/api/x/:a' });
      refuses({ method: 'GET', path: '/api/x/:b' }, /answered by the node n\d+ already/);
      runtime.endpoint({ method: 'PUT', path: '/api/x/:b', role: 'public', contract: 'things.create' });
    });

    it('with a role, method or limit that does not exist', () => {
      refuses({ method: 'GET', path: '/api/x', role: 'viwer' as never }, /no role viwer/);
      refuses({ method: 'GRAB' as never, path: '/api/x' }, /no method GRAB/);
      refuses({ method: 'GET', path: '/api/x', limit: 'much' as never }, /no limit much/);
    });

    it('with a path, contract, schema or deadline that is none', () => {
      refuses({ method: 'GET', path: 'x' }, /Not a path/);
      refuses({ method: 'GET', path: '/api/x', contract: 'nothing' }, /no contract named nothing/);
      refuses({ method: 'GET', path: '/api/x', schema: '{' }, /JSON/);
      refuses({ method: 'GET', path: '/api/x', timeout: 0 }, /between 1 and/);
    });

    it('without the database that its logins are in', () => {
      refuses({ method: 'GET', path: '/api/x', role: 'viewer' }, /No database/);
      runtime.endpoint({ method: 'GET', path: '/api/x' });
    });
  });
});
