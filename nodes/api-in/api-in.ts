import { contractCatalogue } from '../shared/http/contract-catalogue.ts';
import type { ApiInConfig } from '../shared/http/definition.ts';
import { apiServer } from '../shared/http/server.ts';
import { registerNode } from '../shared/node.ts';
import type { Red } from '../shared/red.ts';
import { ApiInController } from './controller.ts';

export default function (red: Red): void {
  // Before the first flow runs: until then `/api` answers 503 instead of Express's 404.
  apiServer(red);
  red.httpAdmin.get('/cauce/contracts', red.auth.needsPermission('flows.read'), (_req, res) => {
    res.json(contractCatalogue(red));
  });
  registerNode<ApiInConfig>(red, 'api in', (context) => new ApiInController(context));
}
