/**
 * `flows/*.json` → nodes. Reading is strict: an unparsable file would otherwise start an empty runtime, and the
 * next deploy would write that emptiness over it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compareIds, type FlowNode, isContainer } from './document.ts';
import { FlowError, position } from './errors.ts';

/** The configuration nodes that every tab shares. */
export const CONFIG_FILE = 'config.json';
/** Node id → credentials that are `${ENV}` references. */
export const CREDENTIALS_FILE = 'credentials.json';
/** The order of the tabs in the editor, as a list of ids; tabs that it does not name follow, by file name. */
export const ORDER_FILE = 'tabs.json';

/** One file and what stands in it. */
export interface FlowFile {
  name: string;
  text: string;
  nodes: FlowNode[];
}

/** File name → text of every JSON file of a directory. A directory that is not there yet is empty. */
export function readTexts(directory: string): Map<string, string> {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw error;
  }
  const texts = names
    .filter((name) => name.endsWith('.json') && !name.startsWith('.'))
    .sort(compareIds)
    .map((name) => [name, readFileSync(join(directory, name), 'utf8')] as const);
  return new Map(texts);
}

/**
 * Parses the flow files of a directory and checks them as a whole.
 * @throws {FlowError} naming file, line and column: not JSON, an id used twice, a node whose tab is unknown or
 *   lives in another file, a file with several tabs
 */
export function parseFlows(texts: ReadonlyMap<string, string>): FlowFile[] {
  const files = [...texts]
    .filter(([name]) => name !== CREDENTIALS_FILE && name !== ORDER_FILE)
    .map(([name, text]) => ({ name, text, nodes: parseNodes(name, text) }));
  checkIds(files);
  checkPlaces(files);
  return files;
}

/** The tab ids of `tabs.json`. */
export function parseOrder(text: string | undefined): string[] {
  if (text === undefined) return [];
  const order = parseJson(ORDER_FILE, text);
  if (Array.isArray(order) && order.every((id) => typeof id === 'string')) return order;
  throw new FlowError('invalid_flows', `${ORDER_FILE}: an array of tab ids is expected.`);
}

export function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const [reason] = (error as Error).message.split(/ in JSON at |, (?:\.{3})?"/);
    throw new FlowError('invalid_flows', `${position(file, text, errorOffset(text))}: ${reason}`);
  }
}

/**
 * Where a text stops being JSON: the end of the shortest beginning that no continuation could save. V8 tells the
 * position in some of its messages only.
 */
function errorOffset(text: string): number {
  if (!isHopeless(text)) return text.length;
  let good = 0;
  let bad = text.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isHopeless(text.slice(0, middle))) bad = middle;
    else good = middle;
  }
  return good;
}

function isHopeless(beginning: string): boolean {
  try {
    JSON.parse(beginning);
    return false;
  } catch (error) {
    const { message } = error as Error;
    const position = /at position (\d+)/.exec(message)?.[1];
    return !message.includes('end of JSON input') && Number(position ?? -1) !== beginning.length;
  }
}

/** The tab or subflow of a file. */
export function containerOf(file: FlowFile): FlowNode | undefined {
  return file.nodes.find(isContainer);
}

function parseNodes(name: string, text: string): FlowNode[] {
  const nodes = parseJson(name, text);
  if (!Array.isArray(nodes))
    throw new FlowError('invalid_flows', `${name}:1:1: an array of nodes is expected.`);
  nodes.forEach((node, index) => {
    if (typeof node?.id === 'string' && node.id && typeof node.type === 'string') return;
    throw new FlowError('invalid_flows', `${name}: entry ${index} is no node: it has no id or no type.`);
  });
  return nodes;
}

function checkIds(files: readonly FlowFile[]): void {
  const seen = new Map<string, string>();
  for (const file of files) {
    for (const { id } of file.nodes) {
      const first = seen.get(id);
      if (first !== undefined) {
        const place = locate(file, id, first === file.name ? 2 : 1);
        throw new FlowError('invalid_flows', `${place}: the id '${id}' is used before, in ${first}.`);
      }
      seen.set(id, file.name);
    }
  }
}

function checkPlaces(files: readonly FlowFile[]): void {
  const homes = new Map<string, string>();
  for (const file of files) {
    for (const node of file.nodes) if (isContainer(node)) homes.set(node.id, file.name);
  }
  for (const file of files) {
    const container = containerOf(file);
    for (const node of file.nodes) {
      const wrong = misplaced(file, container, node, homes);
      if (wrong) throw new FlowError('invalid_flows', `${locate(file, node.id, 1)}: ${wrong}`);
    }
  }
}

function misplaced(
  file: FlowFile,
  container: FlowNode | undefined,
  node: FlowNode,
  homes: ReadonlyMap<string, string>,
): string | undefined {
  if (isContainer(node)) {
    if (file.name === CONFIG_FILE) return `the ${node.type} '${node.id}' needs a file of its own.`;
    if (node !== container) return `a second tab, '${node.id}', in one file. Give it a file of its own.`;
    return undefined;
  }
  if (!node.z) {
    if (file.name === CONFIG_FILE) return undefined;
    return `the node '${node.id}' stands on no tab. Configuration nodes go to ${CONFIG_FILE}.`;
  }
  if (node.z === container?.id) return undefined;
  const home = homes.get(node.z);
  return `the node '${node.id}' stands on '${node.z}', which is ${home ? `in ${home}` : 'not there'}.`;
}

function locate(file: FlowFile, id: string, occurrence: number): string {
  const matches = [...file.text.matchAll(/"id"\s*:\s*("(?:[^"\\]|\\.)*")/g)];
  const match = matches.filter(([, value]) => JSON.parse(value!) === id)[occurrence - 1];
  return position(file.name, file.text, match?.index ?? 0);
}
