/**
 * Which endpoint answers a path. A fixed segment beats a parameter wherever they meet (`/api/dogs/is_adopted`
 * before `/api/dogs/:name`), so the order in which nodes were drawn does not matter.
 */
import { Problem } from '../problem.ts';

/** A path's methods, and the values of its parameters in order. */
export interface Match<T> {
  methods: ReadonlyMap<string, Route<T>>;
  values: string[];
}

export interface Route<T> {
  target: T;
  /** Names of the parameters, in order. */
  names: readonly string[];
}

interface Branch<T> {
  fixed: Map<string, Branch<T>>;
  parameter?: Branch<T>;
  methods?: Map<string, Route<T>>;
}

const PARAMETER = /^:([A-Za-z_][A-Za-z0-9_]*)$/;
const FIXED = /^[A-Za-z0-9._~-]+$/;

/** The segments of a path as it is written in a node, e.g. `/api/vehicles/:id`. @throws TypeError */
export function parsePath(path: string): string[] {
  const segments = path.split('/').slice(1);
  const valid = path === '/' || segments.every((segment) => PARAMETER.test(segment) || FIXED.test(segment));
  if (!path.startsWith('/') || !valid) {
    throw new TypeError(`Not a path: ${path}. Write it like /api/vehicles/:id.`);
  }
  const names = parameterNames(segments);
  if (new Set(names).size < names.length) throw new TypeError(`A parameter occurs twice in ${path}.`);
  return segments.filter((segment) => segment !== '');
}

export function parameterNames(segments: readonly string[]): string[] {
  return segments.flatMap((segment) => PARAMETER.exec(segment)?.[1] ?? []);
}

export class Routes<T> {
  readonly #root: Branch<T> = { fixed: new Map() };

  /** @returns the target that has this method and path already; it stays */
  add(method: string, path: string, target: T): T | undefined {
    const segments = parsePath(path);
    let branch = this.#root;
    for (const segment of segments) branch = descend(branch, segment);
    branch.methods ??= new Map();
    const taken = branch.methods.get(method);
    if (!taken) branch.methods.set(method, { target, names: parameterNames(segments) });
    return taken?.target;
  }

  /**
   * @param path as the client sent it, still percent-encoded, without the query; a slash at the end is ignored
   * @throws Problem `bad_request` for an escape that does not decode
   */
  find(path: string): Match<T> | undefined {
    const segments = path.split('/').slice(1);
    if (segments.at(-1) === '') segments.pop();
    return walk(this.#root, segments.map(decode), 0, []);
  }
}

function descend<T>(branch: Branch<T>, segment: string): Branch<T> {
  if (PARAMETER.test(segment)) {
    branch.parameter ??= { fixed: new Map() };
    return branch.parameter;
  }
  const next = branch.fixed.get(segment) ?? { fixed: new Map() };
  branch.fixed.set(segment, next);
  return next;
}

function walk<T>(
  branch: Branch<T>,
  segments: string[],
  depth: number,
  values: string[],
): Match<T> | undefined {
  const segment = segments[depth];
  if (segment === undefined) return branch.methods && { methods: branch.methods, values };
  const fixed = branch.fixed.get(segment);
  const found = fixed && walk(fixed, segments, depth + 1, values);
  if (found || !branch.parameter || segment === '') return found;
  return walk(branch.parameter, segments, depth + 1, [...values, segment]);
}

function decode(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new Problem('bad_request', 'The path holds a percent escape that does not decode.');
  }
}
