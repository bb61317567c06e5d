/**
 * The text of a flow file. One property a line in a fixed order, nodes sorted by id, geometry and wires last:
 * what a `git diff` shows is what was changed, not how the editor happened to hold it.
 */

/** A node as Node-RED exports it. */
export interface FlowNode {
  id: string;
  type: string;
  /** The tab or subflow that it stands on; a global configuration node and a tab have none. */
  z?: string;
  [property: string]: unknown;
}

const FIRST = ['id', 'type', 'z', 'g', 'name', 'label'];
const LAST = ['x', 'y', 'w', 'h', 'wires'];
/** An array of plain values, such as wires, stays on one line up to this width. */
const LINE_WIDTH = 110;

/** A tab, or the definition of a subflow: what has a file of its own. */
export function isContainer(node: FlowNode): boolean {
  return node.type === 'tab' || node.type === 'subflow';
}

/** @returns the canonical text of nodes that share a file; equal for equal nodes, whatever their order */
export function serialise(nodes: readonly FlowNode[]): string {
  const entries = [...nodes].sort(byRankThenId).map((node) => `  ${format(sortNode(node), '  ')}`);
  return entries.length ? `[\n${entries.join(',\n')}\n]\n` : '[]\n';
}

/** JSON of anything that is no node, keys sorted. */
export function serialiseObject(value: unknown): string {
  return `${format(sortKeys(value), '')}\n`;
}

export function compareIds(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The tab first, then its groups, which are its table of contents, then the rest. */
function byRankThenId(a: FlowNode, b: FlowNode): number {
  return rank(a) - rank(b) || compareIds(a.id, b.id);
}

function rank(node: FlowNode): number {
  if (isContainer(node)) return 0;
  return node.type === 'group' ? 1 : 2;
}

function sortNode(node: FlowNode): Record<string, unknown> {
  const middle = Object.keys(node)
    .filter((key) => !FIRST.includes(key) && !LAST.includes(key))
    .sort(compareIds);
  const keys = [...FIRST, ...middle, ...LAST].filter((key) => Object.hasOwn(node, key));
  return Object.fromEntries(keys.map((key) => [key, sortKeys(node[key])]));
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => compareIds(a, b));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sortKeys(inner)]));
}

function format(value: unknown, indent: string): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.every(isPlain)) {
      const line = formatInline(value);
      if (inner.length + line.length <= LINE_WIDTH) return line;
    }
    return block(
      '[',
      ']',
      value.map((item) => format(item, inner)),
      indent,
    );
  }
  const properties = Object.entries(value).filter(([, item]) => item !== undefined);
  return block(
    '{',
    '}',
    properties.map(([key, item]) => `${JSON.stringify(key)}: ${format(item, inner)}`),
    indent,
  );
}

function block(open: string, close: string, lines: string[], indent: string): string {
  return lines.length
    ? `${open}\n${indent}  ${lines.join(`,\n${indent}  `)}\n${indent}${close}`
    : open + close;
}

function isPlain(value: unknown): boolean {
  return Array.isArray(value) ? value.every(isPlain) : typeof value !== 'object' || value === null;
}

function formatInline(value: unknown): string {
  return Array.isArray(value) ? `[${value.map(formatInline).join(', ')}]` : JSON.stringify(value ?? null);
}
