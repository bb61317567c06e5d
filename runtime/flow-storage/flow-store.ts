/** The flows on disk: loaded as a whole, saved as the files that a deploy really changes. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { PRIVATE_FILE, readIfPresent, removeTemporaries } from '../files.ts';
import { type Credentials, sealCredentials, splitCredentials, unsealCredentials } from './credentials.ts';
import { type FlowNode, serialise, serialiseObject } from './document.ts';
import { FlowError } from './errors.ts';
import { type Change, openJournal } from './journal.ts';
import { layOut, orderTabs } from './layout.ts';
import {
  CREDENTIALS_FILE,
  type FlowFile,
  ORDER_FILE,
  parseFlows,
  parseJson,
  parseOrder,
  readTexts,
} from './read.ts';

export interface FlowStoreOptions {
  flowsDir: string;
  /** Holds the sealed credentials. */
  dataDir: string;
  /** 32 bytes. */
  key: Buffer;
  journal?: ReturnType<typeof openJournal>;
}

export interface FlowStore {
  /** Reads everything anew. Nodes come back tab by tab, each tab in the order of its file. */
  load(): { flows: FlowNode[]; credentials: Credentials };
  /** Keeps credentials for the next `save`: flows and credentials of one deploy are written together. */
  stage(credentials: Credentials): void;
  /**
   * Writes what differs from what was loaded or saved last. Other files are not touched: what somebody changed in
   * them meanwhile stays. @returns the names of files that were left alone because they changed on disk
   * @throws {FlowError} `flows_changed_on_disk` when a file that has to change was changed by somebody else
   */
  save(flows: readonly FlowNode[]): string[];
}

/** What this process believes the disk to hold. */
interface Known {
  /** File name → text, of everything in `flowsDir`. */
  texts: ReadonlyMap<string, string>;
  files: FlowFile[];
  sealed: string | undefined;
}

/** What a deploy changes: file name → new text, undefined to remove it. */
type Edits = Map<string, string | undefined>;

export function openFlowStore(options: FlowStoreOptions): FlowStore {
  const { flowsDir, dataDir, key } = options;
  const journal = options.journal ?? openJournal(join(flowsDir, '.deploy-journal'));
  const sealedFile = join(dataDir, 'credentials.json');
  let known: Known = { texts: new Map(), files: [], sealed: undefined };
  let staged: Credentials | undefined;
  /** Why the last `load` failed. The editor shows no flows then, and its next deploy would remove them all. */
  let unloaded: Error | undefined;

  function read(): Known {
    const texts = readTexts(flowsDir);
    return { texts, files: parseFlows(texts), sealed: readIfPresent(sealedFile) };
  }

  function load() {
    try {
      const loaded = loadAll();
      unloaded = undefined;
      return loaded;
    } catch (error) {
      unloaded = error as Error;
      throw error;
    }
  }

  function loadAll() {
    mkdirSync(flowsDir, { recursive: true });
    removeTemporaries(flowsDir);
    journal.recover();
    const found = read();
    const ordered = orderTabs(parseOrder(found.texts.get(ORDER_FILE)), found.files);
    const credentials = credentialsOf(found);
    known = found;
    staged = undefined;
    return { flows: ordered.flatMap(({ nodes }) => nodes), credentials };
  }

  function credentialsOf({ texts, sealed }: Known): Credentials {
    const references = texts.get(CREDENTIALS_FILE);
    return {
      ...(references === undefined ? {} : (parseJson(CREDENTIALS_FILE, references) as Credentials)),
      ...(sealed === undefined ? {} : unsealCredentials(sealed, key, sealedFile)),
    };
  }

  function save(flows: readonly FlowNode[]): string[] {
    if (unloaded) {
      const advice = 'Mend that, then Deploy ▸ Restart Flows.';
      throw new FlowError('invalid_flows', `The flows on disk are not loaded. ${unloaded.message} ${advice}`);
    }
    // A deploy whose journal could not be carried out (disk full) comes first; it counts as what we know.
    if (journal.recover().length) known = read();

    const edits = editFiles(flows, known);
    const sealed = staged ? editCredentials(staged, flows, edits) : known.sealed;
    const disk = readTexts(flowsDir);
    refuseConflicts(edits, disk);
    const kept = [...new Set([...disk.keys(), ...known.texts.keys()])].filter(
      (name) => !edits.has(name) && disk.get(name) !== known.texts.get(name),
    );
    // Their files and ours must make sense together.
    if (kept.length) parseFlows(apply(edits, disk));

    const changes: Change[] = [...edits].map(([name, after]) => {
      return { path: join(flowsDir, name), before: known.texts.get(name), after };
    });
    if (sealed !== known.sealed) {
      changes.push({ path: sealedFile, before: known.sealed, after: sealed, mode: PRIVATE_FILE });
    }
    journal.commit(changes);

    const texts = apply(edits, known.texts);
    known = { texts, files: parseFlows(texts), sealed };
    staged = undefined;
    return kept;
  }

  function refuseConflicts(edits: Edits, disk: ReadonlyMap<string, string>): void {
    for (const name of edits.keys()) {
      if (disk.get(name) === known.texts.get(name)) continue;
      throw new FlowError(
        'flows_changed_on_disk',
        `${name} was changed outside the editor. Load it with Deploy ▸ Restart Flows, then deploy your change again.`,
      );
    }
  }

  /** Adds the edit of the references to `edits`. @returns the text of the sealed file */
  function editCredentials(all: Credentials, flows: readonly FlowNode[], edits: Edits): string | undefined {
    const ids = new Set(flows.map(({ id }) => id));
    const { references, secrets } = splitCredentials(
      Object.fromEntries(Object.entries(all).filter(([id]) => ids.has(id))),
    );
    const before = splitCredentials(credentialsOf(known));
    if (serialiseObject(references) !== serialiseObject(before.references)) {
      edits.set(CREDENTIALS_FILE, serialiseObject(references));
    }
    // Sealed anew, the same secrets would give another text.
    if (serialiseObject(secrets) === serialiseObject(before.secrets)) return known.sealed;
    return sealCredentials(secrets, key);
  }

  return {
    load,
    save,
    stage(credentials) {
      staged = structuredClone(credentials);
    },
  };
}

/** Compares nodes, not texts: a file that somebody wrote in another order is left as it is. */
function editFiles(flows: readonly FlowNode[], known: Known): Edits {
  const layout = layOut(flows, known.files);
  const edits: Edits = new Map();
  for (const { name } of known.files) {
    if (!layout.has(name)) edits.set(name, undefined);
  }
  for (const [name, nodes] of layout) {
    const before = known.files.find((file) => file.name === name);
    const after = serialise(nodes);
    if (!before || serialise(before.nodes) !== after) edits.set(name, after);
  }

  const tabs = flows.filter(isTab).map(({ id }) => id);
  const listed = parseOrder(known.texts.get(ORDER_FILE));
  const files = [...layout].map(([name, nodes]) => ({ name, nodes, text: '' }));
  const read = orderTabs(listed, files).flatMap(({ nodes }) => nodes.filter(isTab).map(({ id }) => id));
  if (!isDeepStrictEqual(read, tabs) || listed.some((id) => !tabs.includes(id))) {
    edits.set(ORDER_FILE, serialiseObject(tabs));
  }
  return edits;
}

function isTab({ type }: FlowNode): boolean {
  return type === 'tab';
}

function apply(edits: Edits, texts: ReadonlyMap<string, string>): Map<string, string> {
  const result = new Map(texts);
  for (const [name, after] of edits) {
    if (after === undefined) result.delete(name);
    else result.set(name, after);
  }
  return result;
}
