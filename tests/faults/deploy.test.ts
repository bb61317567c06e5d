import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { FlowNode } from '../../runtime/flow-storage/document.ts';
import { openFlowStore } from '../../runtime/flow-storage/flow-store.ts';
import { temporaryDirectory } from '../unit/temporary.ts';

const KILLS = 25;
const store = new URL('../../runtime/flow-storage/flow-store.ts', import.meta.url).href;

/** Saves one set of flows after another, as fast as it can: every tab, name and credential differs between them. */
const deployForEver = `
  import { openFlowStore } from '${store}';
  const [flowsDir, dataDir] = process.argv.slice(1);
  const store = openFlowStore({ flowsDir, dataDir, key: Buffer.alloc(32, 1) });
  store.load();
  for (let deploy = Date.now(); ; deploy++) {
    const tabs = ['a', 'b', 'c', 'd', deploy % 2 ? 'odd' : 'even'];
    store.stage({ secret: { password: String(deploy) } });
    store.save([
      { id: 'secret', type: 'config', deploy },
      ...tabs.map((id) => ({ id, type: 'tab', label: String(deploy) })),
      ...tabs.map((z) => ({ id: 'node-' + z, type: 'debug', z, deploy, x: 0, y: 0, wires: [] })),
    ]);
    if (deploy % 50 === 0) process.stdout.write('.');
  }`;

describe('kill -9 in the middle of deploys', function () {
  this.timeout(60_000);
  const directory = temporaryDirectory();

  it('leaves exactly one deploy behind, flows and credentials alike, each time', async () => {
    const flowsDir = join(directory(), 'flows');
    const dataDir = join(directory(), 'data');
    mkdirSync(dataDir);
    let interrupted = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', deployForEver, flowsDir, dataDir], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      await delay(Math.random() * 20);
      child.kill('SIGKILL');
      await once(child, 'close');

      if (readdirSync(flowsDir).includes('.deploy-journal')) interrupted++;
      const { flows, credentials } = openFlowStore({ flowsDir, dataDir, key: Buffer.alloc(32, 1) }).load();
      assert.deepEqual([...new Set(flows.map(deployOf)), credentials.secret?.password].map(String), [
        ...Array(2).fill(String(deployOf(flows[0]!))),
      ]);
      assert.equal(flows.length, 11);
      assert.deepEqual(
        readdirSync(flowsDir).filter((name) => !name.endsWith('.json')),
        [],
      );
    }
    assert.ok(interrupted > 0, 'no kill came in the middle of a deploy: the test proves nothing');
  });
});

function deployOf(node: FlowNode): number {
  return Number(node.deploy ?? node.label);
}
