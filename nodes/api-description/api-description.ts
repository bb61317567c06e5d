import { apiServer } from '../shared/http/server.ts';
import { registerNode } from '../shared/node.ts';
import type { Red } from '../shared/red.ts';
import { type ApiDescriptionConfig, ApiDescriptionController } from './controller.ts';

export default function (red: Red): void {
  registerNode<ApiDescriptionConfig>(
    red,
    'api description',
    ({ config }) => new ApiDescriptionController(config, () => apiServer(red).endpoints),
  );
}
