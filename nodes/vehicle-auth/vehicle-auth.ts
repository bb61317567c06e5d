/** `vehicle auth`: splits a batch into what registered vehicles sent and what is refused. */
import { Retry } from '../shared/ingest/retry.ts';
import { openPool } from '../shared/mysql.ts';
import { registerNode } from '../shared/node.ts';
import type { Red } from '../shared/red.ts';
import { VehicleAuthController } from './controller.ts';

interface Config {
  database: string;
}

export default (red: Red) =>
  registerNode<Config>(red, 'vehicle auth', ({ node, config }) => {
    const { pool, close } = openPool(red, config.database);
    return new VehicleAuthController({ pool, closePool: close, retry: new Retry(node) });
  });
