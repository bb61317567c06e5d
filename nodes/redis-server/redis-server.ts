import { registerNode } from '../shared/node.ts';
import type { Red } from '../shared/red.ts';
import { type RedisServerConfig, RedisServerController } from './controller.ts';

export default function (red: Red): void {
  registerNode<RedisServerConfig>(
    red,
    'redis server',
    ({ node, config }) => new RedisServerController(node, config),
  );
}
