/** A directory of its own for each test. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Call it in a `describe`. @returns the path, which is another one in each test */
export function temporaryDirectory(): () => string {
  let path: string;
  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'cauce-'));
  });
  afterEach(() => rmSync(path, { recursive: true, force: true }));
  return () => path;
}
