import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type FlowNode, serialise } from '../../../runtime/flow-storage/document.ts';

const palette = fileURLToPath(new URL('../../../nodes/', import.meta.url));
const types = new Set([
  'tab',
  'mqtt-broker',
  'MySQLdatabase',
  ...globSync('*/*.html', { cwd: palette }).map((file) => basename(file, '.html').replaceAll('-', ' ')),
]);

describe('the examples of the palette', () => {
  for (const file of globSync('examples/*.json', { cwd: palette })) {
    const text = readFileSync(`${palette}/${file}`, 'utf8');
    const nodes = JSON.parse(text) as FlowNode[];
    const ids = new Set(nodes.map(({ id }) => id));

    it(`"${basename(file, '.json')}" is made of nodes that exist, wired to each other`, () => {
      assert.match(basename(file), /^\d\d - [A-Z]/);
      for (const { id, type, wires = [] } of nodes) {
        assert.ok(types.has(type), `${id}: ${type}`);
        for (const target of (wires as string[][]).flat()) assert.ok(ids.has(target), `${id} to ${target}`);
      }
      assert.equal(text, serialise(nodes));
    });
  }
});
