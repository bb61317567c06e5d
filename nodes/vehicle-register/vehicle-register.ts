import { Retry } from '../shared/ingest/retry.ts';
import { controllerOf, registerNode } from '../shared/node.ts';
import type { Red } from '../shared/red.ts';
import { type Accounts, VehicleRegister } from './controller.ts';

interface Config {
  accounts: string;
  /** Wrong codes a vehicle and minute. */
  attempts: number;
}

export default (red: Red) =>
  registerNode<Config>(
    red,
    'vehicle register',
    ({ node, config }) =>
      new VehicleRegister({
        accounts: () => controllerOf<Accounts>(red, config.accounts, 'set of MQTT accounts'),
        attemptsPerMinute: Number(config.attempts),
        retry: new Retry(node),
        onStatus: (text) => node.status({ fill: 'green', shape: 'dot', text }),
        onError: (error) => node.error(error),
      }),
  );
