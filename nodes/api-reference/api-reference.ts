import { fileURLToPath } from 'node:url';
import { registerNode } from '../shared/node.ts';
import type { Red } from '../shared/red.ts';
import { ApiReference, type ApiReferenceConfig, SCRIPT } from './controller.ts';

/** Written by the build: see tools/bundle-api-reference.ts. */
const bundle = fileURLToPath(new URL('scalar.js', import.meta.url));

export default (red: Red) => {
  red.httpNode.get(SCRIPT, (_request, response) => {
    response.sendFile(bundle, { maxAge: '1h', headers: { 'x-content-type-options': 'nosniff' } });
  });
  registerNode<ApiReferenceConfig>(red, 'api reference', ({ config }) => new ApiReference(config));
};
