/**
 * Builds the palette into `nodes/dist`: the TypeScript compiled, beside each node what Node-RED looks for
 * there (`<node>.html`, `locales/`, `icons/`), and Scalar for the page that documents the API. Everything
 * outside `nodes/` runs as it is on Node 24.
 *
 *   node tools/build-palette.ts [--if-changed]
 */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  globSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { scalarBundle } from './bundle-api-reference.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const palette = join(root, 'nodes');
const dist = join(palette, 'dist');
const tsc = join(root, 'node_modules/typescript/bin/tsc');
/** Its time is that at which the sources were read. */
const stamp = join(dist, '.built');

/** Builds aside and puts the result in place as a whole: a running instance may be loading the former one. */
export function buildPalette(): void {
  // not beside `dist`: Node-RED looks for nodes everywhere below `nodes/`
  const draft = join(root, `node_modules/.cauce-palette-${process.pid}`);
  const old = `${draft}.old`;
  try {
    const begin = new Date();
    execFileSync(process.execPath, [tsc, '-p', palette, '--outDir', draft], { stdio: 'inherit' });
    for (const asset of globSync(['*/*.html', '*/locales', '*/icons'], { cwd: palette, exclude })) {
      cpSync(join(palette, asset), join(draft, asset), { recursive: true });
    }
    writeFileSync(join(draft, 'api-reference/scalar.js'), scalarBundle());
    writeFileSync(join(draft, '.built'), '');
    utimesSync(join(draft, '.built'), begin, begin);
    if (existsSync(dist)) renameSync(dist, old);
    renameSync(draft, dist);
  } finally {
    rmSync(draft, { recursive: true, force: true });
    rmSync(old, { recursive: true, force: true });
  }
}

/** Whether a source, or the list of them, is newer than what was built. */
export function paletteIsStale(): boolean {
  if (!existsSync(stamp)) return true;
  const built = statSync(stamp).mtimeMs;
  const sources = globSync('**', { cwd: palette, exclude });
  return sources.some((source) => statSync(join(palette, source)).mtimeMs > built);
}

function exclude(path: string): boolean {
  return /^(dist|node_modules)\b/.test(path);
}

if (import.meta.main && (!process.argv.includes('--if-changed') || paletteIsStale())) buildPalette();
