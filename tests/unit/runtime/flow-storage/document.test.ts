import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serialise, serialiseObject } from '../../../../runtime/flow-storage/document.ts';
import { parseFlows, readTexts } from '../../../../runtime/flow-storage/read.ts';

describe('the text of a flow file', () => {
  it('puts the tab first, then groups, then nodes by id; in a node id first, geometry and wires last', () => {
    const text = serialise([
      { wires: [['c'], []], y: 40, x: 20, type: 'debug', id: 'b', z: 't', name: 'show', active: true },
      { id: 'a', type: 'comment', z: 't', info: '', x: 1, y: 2, wires: [] },
      { id: 'z', type: 'group', z: 't', nodes: ['a', 'b'], style: { label: true, color: '#000' } },
      { id: 't', type: 'tab', label: 'Tab', env: [] },
    ]);
    assert.equal(
      text,
      `[
  {
    "id": "t",
    "type": "tab",
    "label": "Tab",
    "env": []
  },
  {
    "id": "z",
    "type": "group",
    "z": "t",
    "nodes": ["a", "b"],
    "style": {
      "color": "#000",
      "label": true
    }
  },
  {
    "id": "a",
    "type": "comment",
    "z": "t",
    "info": "",
    "x": 1,
    "y": 2,
    "wires": []
  },
  {
    "id": "b",
    "type": "debug",
    "z": "t",
    "name": "show",
    "active": true,
    "x": 20,
    "y": 40,
    "wires": [["c"], []]
  }
]
`,
    );
  });

  it('gives a long list a line an entry', () => {
    const ids = Array.from({ length: 20 }, (_, index) => `node-${index}`);
    assert.equal(serialiseObject({ ids }).split('\n').length, ids.length + 5);
  });

  it('is what the flows of this repository are written in', () => {
    const directory = fileURLToPath(new URL('../../../../flows', import.meta.url));
    for (const { name, nodes } of parseFlows(readTexts(directory))) {
      assert.equal(
        readFileSync(join(directory, name), 'utf8'),
        serialise(nodes),
        `npm run format:flows: ${name}`,
      );
    }
  });
});
