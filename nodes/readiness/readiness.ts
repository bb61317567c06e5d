import { openPool } from '../shared/mysql.ts';
import { controllerOf, registerNode } from '../shared/node.ts';
import type { Red } from '../shared/red.ts';
import { type Pingable, Readiness } from './controller.ts';
import { FlowsState } from './flows-state.ts';

interface Config {
  database: string;
  redis: string;
  accounts: string;
  /** Seconds. */
  timeout: number;
}

export default (red: Red) =>
  registerNode<Config>(red, 'readiness', ({ config }) => {
    const { pool, close } = openPool(red, config.database);
    const flows = new FlowsState(red.events);
    return new Readiness({
      checks: {
        mysql: () => pool.query('SELECT 1'),
        redis: () => controllerOf<Pingable>(red, config.redis, 'Redis server').ping(),
        mqtt: () => controllerOf<Pingable>(red, config.accounts, 'set of MQTT accounts').ping(),
        flows: () => flows.check(),
      },
      timeoutMs: Number(config.timeout) * 1_000,
      async onClose() {
        flows.close();
        await close();
      },
    });
  });
