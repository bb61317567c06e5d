/**
 * A deploy changes several files, and no file system renames several at once. So the whole change is written to
 * one file first, which is the moment of commit; then it is carried out; then the journal goes. After a crash the
 * next start carries out what the journal says: files of two deploys never mix.
 */
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { PRIVATE_FILE, readIfPresent, syncDirectory, writeFileAtomically } from '../files.ts';
import { FlowError } from './errors.ts';

/** What becomes of one file. */
export interface Change {
  path: string;
  /** What it holds now; undefined where there is no such file. */
  before: string | undefined;
  /** What it shall hold; undefined to remove it. */
  after: string | undefined;
  mode?: number;
}

interface Entry extends Omit<Change, 'before'> {
  /** SHA-256, or null for no file. */
  before: string | null;
}

type Write = typeof writeFileAtomically;

/** @param write replaced in tests, to stop between any two files */
export function openJournal(path: string, write: Write = writeFileAtomically) {
  /** Makes all changes, or none: after a crash `recover` makes the rest. */
  function commit(changes: readonly Change[]): void {
    if (changes.length === 0) return;
    const entries: Entry[] = changes.map((change) => ({ ...change, before: hash(change.before) }));
    // Holds sealed credentials too.
    write(path, JSON.stringify(entries), PRIVATE_FILE);
    carryOut(entries);
  }

  /**
   * Completes what a crash interrupted. Without a journal there is nothing to do.
   * @returns the paths that the journal named
   * @throws {FlowError} when one of the files was edited since: neither version may be dropped silently
   */
  function recover(): string[] {
    const text = readIfPresent(path);
    if (text === undefined) return [];
    const entries: Entry[] = JSON.parse(text);
    for (const entry of entries) {
      const now = hash(readIfPresent(entry.path));
      if (now === entry.before || now === hash(entry.after)) continue;
      throw new FlowError(
        'flows_changed_on_disk',
        `${entry.path} was edited after a deploy that was interrupted. The deploy's version is in ${path}: ` +
          'take over from it what you need, then remove it.',
      );
    }
    carryOut(entries);
    return entries.map((entry) => entry.path);
  }

  function carryOut(entries: readonly Entry[]): void {
    for (const { path: target, after, mode } of entries) {
      if (after === undefined) rmSync(target, { force: true });
      else write(target, after, mode);
    }
    for (const directory of new Set(entries.map((entry) => dirname(entry.path)))) syncDirectory(directory);
    rmSync(path);
    syncDirectory(dirname(path));
  }

  return { commit, recover };
}

function hash(text: string | undefined): string | null {
  return text === undefined ? null : createHash('sha256').update(text).digest('hex');
}
