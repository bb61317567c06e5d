/** `latest values`: the newest item of each sender, in Redis. See its help in the editor. */
import { type Controller, controllerOf, registerNode } from '../shared/node.ts';
import type { Red } from '../shared/red.ts';
import { LatestValuesController, type RedisClient } from './controller.ts';

interface Config {
  redis: string;
  key: string;
  ttlHours: number;
}

const SECONDS_AN_HOUR = 3_600;

export default (red: Red) =>
  registerNode<Config>(red, 'latest values', ({ config }) => {
    const { client } = controllerOf<Controller & { client: RedisClient }>(red, config.redis, 'Redis server');
    const { key, ttlHours } = config;
    return new LatestValuesController({ client, key, ttlSeconds: Number(ttlHours) * SECONDS_AN_HOUR });
  });
