/** Writes flow files the way the editor's deploys do: `npm run format:flows` after editing one by hand. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serialise } from '../runtime/flow-storage/document.ts';
import { parseFlows, readTexts } from '../runtime/flow-storage/read.ts';

const directory = fileURLToPath(new URL('../flows', import.meta.url));
for (const { name, nodes, text } of parseFlows(readTexts(directory))) {
  const canonical = serialise(nodes);
  if (canonical !== text) writeFileSync(join(directory, name), canonical);
}
