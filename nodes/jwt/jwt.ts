import { apiServices, openApiPool } from '../shared/http/services.ts';
import { registerNode } from '../shared/node.ts';
import type { Red } from '../shared/red.ts';
import { cauceSettings } from '../shared/settings.ts';
import { type JwtConfig, JwtController } from './controller.ts';
import { Sessions } from './sessions.ts';

export default function (red: Red): void {
  registerNode<JwtConfig>(red, 'jwt', ({ config }) => {
    const { tokens, access } = apiServices(red);
    const handle = openApiPool(red);
    const sessions = new Sessions(handle.pool, tokens, cauceSettings(red).jwt.refreshTtlSeconds);
    return new JwtController(config, { sessions, access, close: () => handle.close() });
  });
}
