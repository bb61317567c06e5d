import assert from 'node:assert/strict';
import { createLogger, nodeRedLogging } from '../../../runtime/logging.ts';

function logWith(secrets: string[] = []) {
  const lines: string[] = [];
  const logger = createLogger('debug', secrets, { write: (line) => void lines.push(line) });
  const write = nodeRedLogging(logger, 'debug').pino.handler();
  return {
    write,
    last: () => JSON.parse(lines.at(-1)!),
    text: () => lines.join(''),
  };
}

describe('the log', () => {
  it('says in one JSON object which node of which tab spoke, at which level', () => {
    const log = logWith();
    log.write({ level: 30, msg: 'slow', id: 'n1', type: 'mysql', name: 'read it', z: 'vehicles' });
    const { time, ...line } = log.last();
    assert.deepEqual(line, {
      level: 'warn',
      node: { id: 'n1', type: 'mysql', name: 'read it', tab: 'vehicles' },
      msg: 'slow',
    });
    assert.ok(Date.parse(time));
  });

  it('keeps an error’s stack and code, and the id of its request', () => {
    const log = logWith();
    const error = Object.assign(new Error('broken'), { code: 'internal', request_id: 'r-1' });
    log.write({ level: 20, msg: error });
    const { err, request_id, msg } = log.last();
    assert.deepEqual([err.code, request_id, msg], ['internal', 'r-1', 'broken']);
    assert.match(err.stack, /logging\.test\.ts/);
  });

  it('keeps the fields of an object', () => {
    const log = logWith();
    log.write({ level: 40, msg: { msg: 'GET /api/users', request_id: 'r-2', status: 200 } });
    assert.deepEqual(
      [log.last().msg, log.last().request_id, log.last().status],
      ['GET /api/users', 'r-2', 200],
    );
  });

  it('tells who did what in the editor, without the permissions and tokens of the login', () => {
    const log = logWith();
    const user = { username: 'a@b.c', permissions: '*', tokens: { accessToken: 'abc' } };
    log.write({ level: 98, event: 'flows.set', user, path: '/flows', ip: '::1' });
    const { time: _, ...line } = log.last();
    assert.deepEqual(line, {
      level: 'info',
      audit: true,
      event: 'flows.set',
      user: 'a@b.c',
      path: '/flows',
      ip: '::1',
      msg: 'flows.set',
    });
  });

  it('tells only in detail what was merely looked at', () => {
    const log = logWith();
    log.write({ level: 98, event: 'flows.get', user: { username: 'a@b.c' } });
    assert.equal(log.last().level, 'debug');
  });

  it('never writes a secret, whether it is a field or inside a text', () => {
    const log = logWith(['p@ss"word.1']);
    log.write({ level: 20, msg: new Error('cannot reach mysql://u:p%40ss%22word.1@db') });
    log.write({ level: 20, msg: 'typed p@ss"word.1 here' });
    log.write({
      level: 40,
      msg: { msg: 'login', body: { password: 'hunter22' }, authorization: 'Bearer x.y' },
    });
    assert.doesNotMatch(log.text(), /word\.1|hunter22|x\.y/);
  });
});
