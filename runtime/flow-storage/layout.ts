/** Which node goes to which file. */
import { compareIds, type FlowNode, isContainer } from './document.ts';
import { FlowError } from './errors.ts';
import { CONFIG_FILE, CREDENTIALS_FILE, containerOf, type FlowFile, ORDER_FILE } from './read.ts';

const RESERVED = new Set([CONFIG_FILE, CREDENTIALS_FILE, ORDER_FILE]);
/** An id that Node-RED made up. The tab's label says more. */
const GENERATED_ID = /^[0-9a-f]{16}$|^[0-9a-f]{6,8}\.[0-9a-f]{4,6}$/;

/**
 * Lays a whole set of flows out in files: one a tab or subflow, one for the shared configuration nodes. A tab stays
 * in the file that it is in, except that a file named after the tab's label follows the label.
 * @throws {FlowError} for what could not be read back: an id used twice, a node on an unknown tab
 */
export function layOut(flows: readonly FlowNode[], known: readonly FlowFile[]): Map<string, FlowNode[]> {
  const containers = new Map(flows.filter(isContainer).map((node) => [node.id, node]));
  const contents = new Map<string, FlowNode[]>([...containers].map(([id, node]) => [id, [node]]));
  const config: FlowNode[] = [];
  const ids = new Set<string>();

  for (const node of flows) {
    if (ids.has(node.id)) throw new FlowError('invalid_flows', `The id '${node.id}' is used twice.`);
    ids.add(node.id);
    if (containers.has(node.id)) continue;
    const place = node.z ? contents.get(node.z) : config;
    if (!place) {
      throw new FlowError(
        'invalid_flows',
        `The node '${node.id}' stands on '${node.z}', which is not there.`,
      );
    }
    place.push(node);
  }

  const names = nameFiles([...containers.values()], known);
  const files = new Map([...contents].map(([id, nodes]) => [names.get(id)!, nodes]));
  if (config.length || known.some(({ name }) => name === CONFIG_FILE)) files.set(CONFIG_FILE, config);
  return files;
}

/** The order of tabs in the editor: those that are listed, then the others by the names of their files. */
export function orderTabs(listed: readonly string[], files: readonly FlowFile[]): FlowFile[] {
  const place = (file: FlowFile) => {
    const index = listed.indexOf(containerOf(file)?.id ?? '');
    return index < 0 ? listed.length : index;
  };
  return [...files].sort((a, b) => place(a) - place(b) || compareIds(a.name, b.name));
}

function nameFiles(containers: readonly FlowNode[], known: readonly FlowFile[]): Map<string, string> {
  const homes = new Map<string, { name: string; container: FlowNode }>();
  for (const file of known) {
    const container = containerOf(file);
    if (container) homes.set(container.id, { name: file.name, container });
  }
  const names = new Map<string, string>();
  for (const container of containers) {
    const home = homes.get(container.id);
    if (home && (home.name !== nameOf(home.container) || nameOf(home.container) === nameOf(container))) {
      names.set(container.id, home.name);
    }
  }
  const taken = new Set([...RESERVED, ...names.values()]);
  for (const container of containers) {
    if (names.has(container.id)) continue;
    let name = nameOf(container);
    if (taken.has(name)) name = name.replace(/\.json$/, `-${slug(container.id)}.json`);
    taken.add(name);
    names.set(container.id, name);
  }
  return names;
}

function nameOf(container: FlowNode): string {
  const words = String(container.label ?? container.name ?? '');
  const name = (GENERATED_ID.test(container.id) && slug(words)) || slug(container.id) || container.type;
  return `${container.type === 'subflow' ? 'subflow-' : ''}${name}.json`;
}

function slug(words: string): string {
  const ascii = words.normalize('NFKD').replace(/\p{M}/gu, '');
  return ascii
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 60);
}
