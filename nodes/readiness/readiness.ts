import { openPool } from '../shared/mysql.ts';
import { type Controller, controllerOf, registerNode } from '../shared/node.ts';
import type { Red } from '../shared/red.ts';
import { Readiness } from './controller.ts';
import { FlowsState } from './flows-state.ts';

/** The parts of `mqtt accounts` and `redis server` that are used here. */
interface MqttAccounts extends Controller {
  ping(): Promise<void>;
}
interface RedisServer extends Controller {
  client: { ping(): Promise<unknown> };
}

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
        redis: () => controllerOf<RedisServer>(red, config.redis, 'Redis server').client.ping(),
        mqtt: () => controllerOf<MqttAccounts>(red, config.accounts, 'set of MQTT accounts').ping(),
        flows: () => flows.check(),
      },
      timeoutMs: Number(config.timeout) * 1_000,
      async onClose() {
        flows.close();
        await close();
      },
    });
  });
