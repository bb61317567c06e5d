import { brokerConnection } from '../shared/mqtt-broker.ts';
import { openPool } from '../shared/mysql.ts';
import { registerNode } from '../shared/node.ts';
import type { Red } from '../shared/red.ts';
import { cauceSettings } from '../shared/settings.ts';
import { MqttAccounts } from './controller.ts';

interface Config {
  broker: string;
  database: string;
  /** Seconds. */
  interval: number;
  batchSize: number;
  /** Seconds. */
  timeout: number;
}

export default (red: Red) =>
  registerNode<Config>(red, 'mqtt accounts', ({ node, config }) => {
    const { secretsKey, provisionPassword } = cauceSettings(red);
    const broker = brokerConnection(red, config.broker);
    const { pool, close } = openPool(red, config.database);
    return new MqttAccounts({
      ...broker,
      pool,
      closePool: close,
      secretsKey,
      provisionPassword,
      intervalMs: Number(config.interval) * 1_000,
      batchSize: Number(config.batchSize),
      timeoutMs: Number(config.timeout) * 1_000,
      log: { info: (text) => node.log(text), warn: (text) => node.warn(text) },
    });
  });
