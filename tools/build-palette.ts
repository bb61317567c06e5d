/**
 * Builds the palette into `nodes/dist`: the TypeScript compiled, and beside each node what Node-RED looks
 * for there (`<node>.html`, `locales/`, `icons/`). Everything outside `nodes/` runs as it is on Node 24.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, globSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const palette = join(root, 'nodes');
const dist = join(palette, 'dist');

rmSync(dist, { recursive: true, force: true });
execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', palette], { stdio: 'inherit' });
for (const asset of globSync(['*/*.html', '*/locales', '*/icons'], { cwd: palette, exclude: ['dist/**'] })) {
  cpSync(join(palette, asset), join(dist, asset), { recursive: true });
}
