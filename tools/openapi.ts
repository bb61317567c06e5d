/**
 * Writes `api-contracts/openapi.json` from the shipped flows and the contracts, with the function that also
 * answers `/api/openapi.json`. A test compares, so that a change of the API shows in a diff.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { contracts } from '../api-contracts/index.ts';
import { type ApiInConfig, defineEndpoint } from '../nodes/shared/http/definition.ts';
import { compileEndpoint } from '../nodes/shared/http/endpoint.ts';
import { describeApi } from '../nodes/shared/http/openapi.ts';
import type { CauceSettings } from '../nodes/shared/settings.ts';

interface FlowNode {
  type: string;
  d?: boolean;
  title?: string;
  version?: string;
}

const root = fileURLToPath(new URL('..', import.meta.url));
export const OPENAPI_FILE = join(root, 'api-contracts/openapi.json');

/** The text of the file, as it should be. */
export function renderOpenApi(): string {
  const nodes = globSync('flows/*.json', { cwd: root })
    .sort()
    .map((file) => JSON.parse(readFileSync(join(root, file), 'utf8')) as unknown)
    .filter(Array.isArray)
    .flat()
    .filter((node): node is FlowNode => typeof node === 'object' && !node.d);
  const endpoints = nodes
    .filter(({ type }) => type === 'api in')
    .map((node) =>
      compileEndpoint(
        defineEndpoint(node as unknown as ApiInConfig, contracts.http as CauceSettings['contracts']['http']),
      ),
    );
  const { title = 'Cauce', version = '1' } = nodes.find(({ type }) => type === 'api description') ?? {};
  return `${JSON.stringify(describeApi({ title, version }, endpoints), null, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(OPENAPI_FILE, renderOpenApi());
