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
        onStatus: (text) => node.status({ fill: 'green', shape: 'dot', text }),
      }),
  );
