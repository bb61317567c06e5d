import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Message } from '../../../../nodes/shared/red.ts';
import type { Api } from '../../../support/http.ts';
import { ApiRuntime } from '../api-runtime.ts';
import { assertProblem } from './assert-problem.ts';
import { thing } from './thing.ts';

describe('api in takes a body', () => {
  let runtime: ApiRuntime;
  let api: Api;

  let seen: Message[];

  beforeEach(async () => {
    runtime = new ApiRuntime();
    runtime.contracts['things.create'] = thing;
    api = await runtime.start();
    seen = [];
    runtime.endpoint({ method: 'POST', path: '/api/things', contract: 'things.create' }, (message) => {
      seen.push(message);
      return message;
    });
  });
  afterEach(() => runtime.stop());
  const post = (body: unknown, type = 'application/json') =>
    api('POST', '/api/things', { body, headers: { 'content-type': type } });

  it('that keeps to the contract, and lets out what the contract names', async () => {
    const answer = await post({ name: 'x', size: 3 });
    assert.deepEqual([answer.status, answer.body], [200, { name: 'x' }]);
    const { name, size } = seen[0]!.payload as Record<string, unknown>;
    assert.deepEqual({ name, size }, { name: 'x', size: 3 });
  });

  it('as a form, whose texts become what the contract says', async () => {
    assert.equal((await post('name=x&size=3', 'application/x-www-form-urlencoded')).status, 200);
    assert.equal((seen[0]!.payload as { size: unknown }).size, 3);
  });

  it('and points at what is wrong with it', async () => {
    const answer = await post({ size: '3', colour: 'red' });
    assertProblem(answer, 422, 'schema');
    assert.deepEqual(answer.body.errors.map((e: { pointer: string }) => e.pointer).sort(), [
      '/colour',
      '/name',
      '/size',
    ]);
  });

  it('but none that does not parse', async () => {
    for (const text of ['{', '', '\ufeff{"name":"x"}', '['.repeat(100_000)])
      assertProblem(await post(text), 400, 'invalid_json');
  });

  it('but none that would change a prototype', async () => {
    const answer = await post('{"name":"x","__proto__":{"admin":true}}');
    assertProblem(answer, 422, 'schema');
    assert.equal(answer.body.errors[0].pointer, '/__proto__');
  });

  it('and counts a request without a body as an empty object', async () => {
    const answer = await api('POST', '/api/things');
    assertProblem(answer, 422, 'schema');
    assert.deepEqual(answer.body.errors, [{ pointer: '/name', detail: 'is missing' }]);
  });

  it('but no other media type, charset or encoding', async () => {
    for (const type of [
      'text/plain',
      'application/xml',
      'application/json; charset=latin1',
      'multipart/form-data; boundary=x',
    ]) {
      assertProblem(await post('{"name":"x"}', type), 415, 'unsupported_media_type');
    }
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    assertProblem(await api('POST', '/api/things', { body: 'x', headers }), 415, 'unsupported_media_type');
  });

  it('of one MiB and not of a byte more, whether its length was told or not', async () => {
    const name = 'x'.repeat(1024 * 1024 - '{"name":""}'.length);
    assert.equal((await post({ name })).status, 200);
    assertProblem(await post({ name: `${name}x` }), 413, 'payload_too_large');

    const socket = connect(runtime.port, '127.0.0.1');
    socket.write(
      'POST /api/things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    const chunk = `${(256 * 1024).toString(16)}\r\n${'x'.repeat(256 * 1024)}\r\n`;
    for (let count = 0; count < 5; count++) socket.write(chunk);
    const [head] = await once(socket, 'data');
    assert.match(String(head), /^HTTP\/1.1 413 /);
    socket.destroy();
  });

  it('and ignores that of a client that went away in the middle', async () => {
    const socket = connect(runtime.port, '127.0.0.1');
    socket.write(
      'POST /api/things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
    );
    await once(socket, 'ready');
    socket.destroy();
    await once(socket, 'close');
    assert.equal((await post({ name: 'x' })).status, 200);
    assert.equal(seen.length, 1);
    assert.deepEqual(runtime.logged, []);
  });
});
