/** `mqtt publish`: QoS 1, through an outage of the broker. See its help in the editor. */
import { brokerConnection } from '../shared/mqtt-broker.ts';
import { registerNode } from '../shared/node.ts';
import type { Red } from '../shared/red.ts';
import { MqttPublish } from './controller.ts';

interface Config {
  broker: string;
  maxWaiting: number;
}

export default (red: Red) =>
  registerNode<Config>(
    red,
    'mqtt publish',
    ({ node, config }) =>
      new MqttPublish({
        ...brokerConnection(red, config.broker),
        maxWaiting: Number(config.maxWaiting),
        status: (status) => node.status(status),
      }),
  );
