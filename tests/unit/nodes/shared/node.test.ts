import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { type Controller, registerNode } from '../../../../nodes/shared/node.ts';
import { Problem } from '../../../../nodes/shared/problem.ts';
import type { NodeStatus, Red, RedNode } from '../../../../nodes/shared/red.ts';

type Constructor = new (definition: object) => RedNode & { statuses: NodeStatus[]; errors: unknown[] };

/** A node as Node-RED would make it, with what it shows and reports. */
function nodeOf(create: () => Controller) {
  let NodeType: Constructor | undefined;
  const red = {
    nodes: {
      createNode(node: EventEmitter & { statuses?: unknown[]; errors?: unknown[] }) {
        EventEmitter.call(node);
        Object.assign(node, { statuses: [], errors: [] });
      },
      registerType(_type: string, type: Constructor) {
        NodeType = type;
        const node = {
          status(this: any, s: unknown) {
            this.statuses.push(s);
          },
          error(this: any, e: unknown) {
            this.errors.push(e);
          },
        };
        Object.setPrototypeOf(NodeType.prototype, Object.assign(Object.create(EventEmitter.prototype), node));
      },
    },
  } as unknown as Red;
  registerNode(red, 'test', create);
  return new NodeType!({ id: 'n', type: 'test' });
}

/** Hands a message in; resolves with what `send` and `done` were called with. */
async function input(node: RedNode, message = {}) {
  const sent: unknown[] = [];
  const { promise, resolve } = Promise.withResolvers<unknown[]>();
  node.emit(
    'input',
    message,
    (outgoing: unknown) => sent.push(outgoing),
    (...args: unknown[]) => resolve(args),
  );
  return { done: await promise, sent };
}

describe('a node of the palette', () => {
  it('sends what its handler returns, and then is done', async () => {
    const node = nodeOf(() => ({ input: async (message) => ({ ...message, seen: true }) }));
    assert.deepEqual(await input(node, { a: 1 }), { done: [], sent: [{ a: 1, seen: true }] });
  });

  it('hands a problem on whole: Node-RED copies code, stack and cause, and the problem is the cause', async () => {
    const problem = new Problem('conflict', 'Not now.', { extensions: { reason: 'dns' } });
    const node = nodeOf(() => ({ input: () => Promise.reject(problem) }));
    const { done, sent } = await input(node);
    const [error] = done as [Error & { code: string }];
    assert.deepEqual(sent, []);
    assert.ok(['code', 'stack', 'cause'].every((name) => Object.hasOwn(error, name)));
    assert.deepEqual([error.code, String(error), error.cause], ['conflict', 'Problem: Not now.', problem]);
  });

  it('shows a failure of ours until the next success, and never a caller’s mistake', async () => {
    let outcome: Error | undefined;
    const node = nodeOf(() => ({
      input: () => {
        if (outcome) throw outcome;
        return undefined;
      },
    }));
    outcome = new Problem('invalid_credentials');
    await input(node);
    assert.deepEqual(node.statuses, []);
    outcome = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    await input(node);
    outcome = undefined;
    await input(node);
    await input(node);
    assert.deepEqual(node.statuses, [{ fill: 'red', shape: 'ring', text: 'ECONNREFUSED' }, {}]);
  });

  it('says so when it cannot be built, and takes nothing down with it', () => {
    const node = nodeOf(() => {
      throw new Error('There are no statements.');
    });
    assert.equal(node.statuses[0]?.text, 'There are no statements.');
    assert.equal(node.errors.length, 1);
  });

  it('waits for its controller to close, and closes even when that fails', async () => {
    const node = nodeOf(() => ({ close: () => Promise.reject(new Error('stuck')) }));
    const closed = new EventEmitter();
    const waiting = once(closed, 'done');
    assert.equal(node.listeners('close')[0]!.length, 2);
    node.emit('close', true, () => closed.emit('done'));
    await waiting;
    assert.match(String(node.errors[0]), /stuck/);
  });
});
