/** The flows on disk: loaded as a whole, saved as the files that a deploy really changes. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
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
  texts: Map<string, string>;
  files: FlowFile[];
  sealed: string | undefined;
}

export function openFlowStore(options: FlowStoreOptions): FlowStore {
  const { flowsDir, dataDir, key } = options;
  const journal = options.journal ?? openJournal(join(flowsDir, '.deploy-journal'));
  const sealedFile = join(dataDir, 'credentials.json');
  let known: Known = { texts: new Map(), files: [], sealed: undefined };
  let staged: Credentials | undefined;

  function read(): Known {
    const texts = readTexts(flowsDir);
    return { texts, files: parseFlows(texts), sealed: readIfPresent(sealedFile) };
  }

  function load() {
    mkdirSync(flowsDir, { recursive: true });
    removeTemporaries(flowsDir);
    journal.recover();
    const found = read();
    const flows = orderTabs(parseOrder(found.texts.get(ORDER_FILE)), found.files).flatMap(
      ({ nodes }) => nodes,
    );
    const credentials = credentialsOf(found);
    known = found;
    staged = undefined;
    return { flows, credentials };
  }

  function credentialsOf({ texts, sealed }: Known): Credentials {
    const references = texts.get(CREDENTIALS_FILE);
    return {
      ...(references === undefined ? {} : (parseJson(CREDENTIALS_FILE, references) as Credentials)),
      ...(sealed === undefined ? {} : unsealCredentials(sealed, key, sealedFile)),
    };
  }

  function save(flows: readonly FlowNode[]): string[] {
    // A deploy whose journal could not be carried out (disk full) comes first; it counts as what we know.
    if (journal.recover().length) known = read();
    const changes = changesOf(flows);
    const disk = readTexts(flowsDir);
    for (const { path, before } of changes) {
      if (readIfPresent(path) === before) continue;
      throw new FlowError(
        'flows_changed_on_disk',
        `${path} was changed outside the editor. Load it with Deploy ▸ Restart Flows, then deploy your change again.`,
      );
    }
    const kept = changedElsewhere(disk, changes);
    if (kept.length) parseFlows(applied(disk, changes));
    journal.commit(changes);

    const texts = applied(known.texts, changes);
    const sealed = changes.find(({ path }) => path === sealedFile)?.after ?? readIfPresent(sealedFile);
    known = { texts, files: parseFlows(texts), sealed };
    staged = undefined;
    return kept;
  }

  function changesOf(flows: readonly FlowNode[]): Change[] {
    const texts = new Map<string, string | undefined>();
    const layout = layOut(flows, known.files);
    for (const { name, nodes } of known.files) {
      if (!layout.has(name)) texts.set(name, undefined);
      else if (serialise(nodes) === serialise(layout.get(name)!)) layout.delete(name);
    }
    for (const [name, nodes] of layout) texts.set(name, serialise(nodes));

    const order = flows.filter(({ type }) => type === 'tab').map(({ id }) => id);
    if (!sameOrder(order, flows)) texts.set(ORDER_FILE, serialiseObject(order));

    const changes: Change[] = [];
    if (staged) changes.push(...credentialChanges(staged, flows, texts));
    for (const [name, after] of texts) {
      changes.push({ path: join(flowsDir, name), before: known.texts.get(name), after });
    }
    return changes;
  }

  /** Whether reading the files back would give the tabs in this order. */
  function sameOrder(order: readonly string[], flows: readonly FlowNode[]): boolean {
    const listed = parseOrder(known.texts.get(ORDER_FILE));
    if (listed.some((id) => !order.includes(id))) return false;
    const files = [...layOut(flows, known.files)].map(([name, nodes]) => ({ name, nodes, text: '' }));
    const tabs = orderTabs(listed, files).flatMap(({ nodes }) => nodes.filter(({ type }) => type === 'tab'));
    return tabs.every(({ id }, index) => id === order[index]);
  }

  function credentialChanges(
    all: Credentials,
    flows: readonly FlowNode[],
    texts: Map<string, string | undefined>,
  ): Change[] {
    const ids = new Set(flows.map(({ id }) => id));
    const present = Object.fromEntries(Object.entries(all).filter(([id]) => ids.has(id)));
    const { references, secrets } = splitCredentials(present);
    const { references: oldReferences, secrets: oldSecrets } = splitCredentials(credentialsOf(known));

    if (serialiseObject(references) !== serialiseObject(oldReferences)) {
      texts.set(CREDENTIALS_FILE, serialiseObject(references));
    }
    if (serialiseObject(secrets) === serialiseObject(oldSecrets)) return [];
    return [
      { path: sealedFile, before: known.sealed, after: sealCredentials(secrets, key), mode: PRIVATE_FILE },
    ];
  }

  function applied(texts: ReadonlyMap<string, string>, changes: readonly Change[]): Map<string, string> {
    const result = new Map(texts);
    for (const { path, after } of changes) {
      const name = path.startsWith(join(flowsDir, '/')) ? path.slice(join(flowsDir, '/').length) : undefined;
      if (name === undefined) continue;
      if (after === undefined) result.delete(name);
      else result.set(name, after);
    }
    return result;
  }

  function changedElsewhere(disk: ReadonlyMap<string, string>, changes: readonly Change[]): string[] {
    const ours = new Set(changes.map(({ path }) => path));
    const names = new Set([...disk.keys(), ...known.texts.keys()]);
    return [...names].filter(
      (name) => !ours.has(join(flowsDir, name)) && disk.get(name) !== known.texts.get(name),
    );
  }

  return {
    load,
    save,
    stage(credentials) {
      staged = structuredClone(credentials);
    },
  };
}
