/**
 * `make test`: the linter, then every test, and a last line `N passed, N failed`.
 *
 *   node tests/run.ts [part…]     parts: lint unit flows faults browser, or paths of test files
 *
 * With MYSQL_URL set, tests use that server, in databases of their own which they drop again; everything else
 * runs on private servers and free ports, beside whatever else runs on this machine.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureInstalled, type RequirementName } from '../local/packages.ts';
import { StartError, say, seconds } from '../local/progress.ts';
import { buildPalette, paletteIsStale } from '../tools/build-palette.ts';

interface Count {
  passed: number;
  failed: number;
}

interface Part {
  /** Programs that its tests need. */
  needs: RequirementName[];
  /** Milliseconds for one test. */
  timeout: number;
  /** Processes that share its files; one where tests measure, or start a whole product. */
  processes: number;
}

const SERVERS: RequirementName[] = ['mysql', 'redis', 'mqtt', 'mosquittoClients', 'curl', 'python'];
const PARTS: Record<string, Part> = {
  unit: { needs: [], timeout: 5_000, processes: 2 },
  flows: { needs: SERVERS, timeout: 30_000, processes: 1 },
  faults: { needs: SERVERS, timeout: 120_000, processes: 1 },
  browser: { needs: [...SERVERS, 'browser'], timeout: 60_000, processes: 1 },
};

const root = fileURLToPath(new URL('..', import.meta.url));
const children = new Set<ChildProcess>();

async function main(asked: string[]): Promise<Count> {
  const names = asked.length ? asked : ['lint', ...Object.keys(PARTS)];
  const runs = names.filter((name) => name !== 'lint').map(plan);
  await ensureInstalled([...new Set(runs.flatMap(({ part }) => part.needs))]);
  if (paletteIsStale()) {
    say('Building the palette');
    buildPalette();
  }
  const total: Count = { passed: 0, failed: 0 };
  if (names.includes('lint')) total.failed += await lint();
  for (const { name, part, files } of runs) {
    if (files.length === 0) continue;
    const begin = performance.now();
    say(`\n── ${name}`);
    const count = await mocha(part, files);
    say(
      `── ${name}: ${count.passed} passed, ${count.failed} failed in ${seconds(performance.now() - begin)}`,
    );
    total.passed += count.passed;
    total.failed += count.failed;
  }
  return total;
}

function plan(name: string): { name: string; part: Part; files: string[] } {
  const whole = PARTS[name];
  if (whole) {
    return { name, part: whole, files: globSync(`tests/${name}/**/*.test.ts`, { cwd: root }).sort() };
  }
  const part = PARTS[/^(?:\.\/)?tests\/(\w+)\//.exec(name)?.[1] ?? ''];
  if (!part || !existsSync(join(root, name))) {
    throw new StartError(
      `${name} is neither a part (lint, ${Object.keys(PARTS).join(', ')}) nor a test file.`,
    );
  }
  return { name, part, files: [name] };
}

/** @returns how many of the checks failed */
async function lint(): Promise<number> {
  const checks = [
    [join(root, 'node_modules/@biomejs/biome/bin/biome'), 'ci', '--error-on-warnings', '.'],
    [join(root, 'node_modules/typescript/bin/tsc'), '--noEmit'],
  ];
  say('── lint');
  let failed = 0;
  for (const check of checks) {
    const child = spawn(process.execPath, check, { cwd: root, stdio: 'inherit' });
    if ((await ended(child)) !== 0) failed++;
  }
  return failed;
}

/** Deals the files out to the part's processes, which then print one after the other. */
async function mocha({ timeout, processes }: Part, files: string[]): Promise<Count> {
  const hands = Array.from({ length: Math.min(processes, files.length) }, (_, hand) =>
    files.filter((_, index) => index % processes === hand),
  );
  const counts = await Promise.all(hands.map((hand) => mochaProcess(timeout, hand, hands.length > 1)));
  return counts.reduce((sum, count) => ({
    passed: sum.passed + count.passed,
    failed: sum.failed + count.failed,
  }));
}

/** @param held whether its output is held back until it ends */
async function mochaProcess(timeout: number, files: string[], held: boolean): Promise<Count> {
  const script = join(root, 'tests/support/mocha-process.ts');
  const child = fork(script, [String(timeout), ...files], { cwd: root, silent: held });
  let output = '';
  child.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    output += chunk;
  });
  let count: Count | undefined;
  child.on('message', (message) => {
    count = message as Count;
  });
  const code = await ended(child);
  if (output) say(output);
  if (count) return count;
  say(`The test process ended before it could report (exit code ${code}).`);
  return { passed: 0, failed: 1 };
}

function ended(child: ChildProcess): Promise<number | null> {
  children.add(child);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      children.delete(child);
      resolve(code);
    });
  });
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    for (const child of children) child.kill(signal);
    process.exit(130);
  });
}

try {
  const begin = performance.now();
  const { passed, failed } = await main(process.argv.slice(2));
  say(`\nin ${seconds(performance.now() - begin)}`);
  say(`${passed} passed, ${failed} failed`);
  process.exit(failed === 0 && (passed > 0 || process.argv.slice(2).join() === 'lint') ? 0 : 1);
} catch (error) {
  console.error(error instanceof StartError ? error.message : error);
  process.exit(1);
}
