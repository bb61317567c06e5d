import { registerNode } from '../shared/node.ts';
import type { Red } from '../shared/red.ts';
import { type ApiOutConfig, ApiOutController } from './controller.ts';

export default function (red: Red): void {
  registerNode<ApiOutConfig>(
    red,
    'api out',
    ({ node, config }) => new ApiOutController(node, config, red.log),
  );
}
