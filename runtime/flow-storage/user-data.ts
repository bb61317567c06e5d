/** What the editor keeps beside the flows: its settings, the logins' sessions, the library. */
import { mkdirSync, readdirSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { makePrivateDirectory, PRIVATE_FILE, readIfPresent, writeFileAtomically } from '../files.ts';

type Json = Record<string, unknown>;

/** A library entry: text, and what the editor says of it (a function's name, its number of outputs, …). */
interface LibraryEntry {
  meta: Json;
  body: string;
}

/** The part of Node-RED's storage API that lives under `DATA_DIR/node-red`. */
export function openUserData(directory: string) {
  makePrivateDirectory(directory);
  const manifest = join(directory, 'package.json');
  // Node-RED reads there which modules somebody installed by hand, and logs an error when there is none.
  if (readIfPresent(manifest) === undefined) writeJson(manifest, { name: 'cauce-user-data', private: true });
  const settingsFile = join(directory, 'settings.json');
  const sessionsFile = join(directory, 'sessions.json');
  const library = join(directory, 'library');

  return {
    getSettings: async () => readJson(settingsFile),
    saveSettings: async (settings: Json) => writeJson(settingsFile, settings),

    // Whoever holds a session token is that administrator until it expires.
    getSessions: async () => readJson(sessionsFile),
    saveSessions: async (sessions: Json) => writeJson(sessionsFile, sessions),

    /** @returns the text of an entry, or what is in a folder: names of folders, descriptions of entries */
    async getLibraryEntry(type: string, path: string): Promise<string | Array<string | Json>> {
      const place = inside(library, type, path);
      const entry = readIfPresent(`${place}.json`);
      if (entry !== undefined) return (JSON.parse(entry) as LibraryEntry).body;
      return listFolder(place);
    },

    async saveLibraryEntry(type: string, path: string, meta: Json, body: string): Promise<void> {
      const file = `${inside(library, type, path)}.json`;
      mkdirSync(dirname(file), { recursive: true });
      writeJson(file, { meta, body } satisfies LibraryEntry);
    },
  };
}

function listFolder(place: string): Array<string | Json> {
  try {
    const names = readdirSync(place, { withFileTypes: true });
    return names.map((entry) => {
      if (entry.isDirectory()) return entry.name;
      return { ...(readJson(join(place, entry.name)).meta as Json), fn: entry.name.replace(/\.json$/, '') };
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Refuses a path that leaves the library (CWE-22). */
function inside(library: string, type: string, path: string): string {
  const place = resolve(library, type, `./${path}`);
  if (place !== library && !place.startsWith(library + sep)) throw new Error('This path leaves the library.');
  return place;
}

function readJson(file: string): Json {
  const text = readIfPresent(file);
  return text === undefined ? {} : JSON.parse(text);
}

function writeJson(file: string, value: unknown): void {
  writeFileAtomically(file, `${JSON.stringify(value, null, 2)}\n`, PRIVATE_FILE);
}
