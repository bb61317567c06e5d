import { controllerOf, registerNode } from '../shared/node.ts';
import type { Red } from '../shared/red.ts';
import { type Accounts, VehicleAccount } from './controller.ts';

interface Config {
  accounts: string;
  /** Where in the message the vehicle's id stands. */
  property: string;
}

export default (red: Red) =>
  registerNode<Config>(
    red,
    'vehicle account',
    ({ node, config }) =>
      new VehicleAccount({
        accounts: () => controllerOf<Accounts>(red, config.accounts, 'set of MQTT accounts'),
        idOf: (message) => red.util.getMessageProperty(message, config.property),
        onStatus: (status) => node.status(status),
      }),
  );
