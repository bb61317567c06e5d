/**
 * Private MySQL, Redis and Mosquitto servers from the machine's own packages: own ports, own data under
 * `dataDir`, started together. A server that the system runs is never touched.
 */
import { mkdirSync, realpathSync } from 'node:fs';
import { loadSecrets } from '../runtime/secrets.ts';
import { credentials } from './credentials.ts';
import { stopLeftovers } from './leftovers.ts';
import { mysqlServer } from './mariadb.ts';
import { mosquittoServer } from './mosquitto.ts';
import { freePorts } from './ports.ts';
import { seconds } from './progress.ts';
import { redisServer } from './redis.ts';
import type { Service } from './service.ts';

export interface ServersOptions {
  /** Everything lives below it. One user at a time: see local/lock.ts. */
  dataDir: string;
  /** Which servers to start; all of them by default. */
  mysql?: boolean;
  redis?: boolean;
  mqtt?: boolean;
  /** Default: any free port. */
  mysqlPort?: number;
  redisPort?: number;
  mqttPort?: number;
  /** Where Mosquitto listens: by default on this machine only. */
  mqttHost?: string;
  /** Password of the MQTT user `provision`. Default: the environment's, or made up on the first start. */
  provisionPassword?: string;
  /** Told what happens, a line at a time. */
  log?(line: string): void;
}

export interface Servers {
  /** Of the owner of the database `cauce`: migrations. Empty when that server was not asked for. */
  mysqlUrl: string;
  /** Of the account that flows use: rows only. */
  mysqlFlowsUrl: string;
  redisUrl: string;
  /** With the account of the runtime, `cauce`. */
  mqttUrl: string;
  provisionPassword: string;
  mysql?: Service;
  redis?: Service;
  mosquitto?: Service;
  /** Those of the above that run. */
  services: Service[];
  /** Stops all of them, cleanly. */
  stop(): Promise<void>;
}

/**
 * Starts the servers and resolves when each of them answers.
 * @throws Error that names the server and shows the end of its log; the others are stopped again
 */
export async function startServers(options: ServersOptions): Promise<Servers> {
  const log = options.log ?? (() => {});
  mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
  const dataDir = realpathSync(options.dataDir);
  for (const leftover of await stopLeftovers(dataDir)) {
    log(`Stopped ${leftover.program} (process ${leftover.pid}), left over from a run that was killed`);
  }
  const secrets = credentials(dataDir);
  const provisionPassword = options.provisionPassword ?? loadSecrets(dataDir, process.env).provisionPassword;
  const [mysqlPort, redisPort, mqttPort] = (await freePorts(0, 0, 0)) as [number, number, number];
  const servers: Servers = {
    mysqlUrl: '',
    mysqlFlowsUrl: '',
    redisUrl: '',
    mqttUrl: '',
    provisionPassword,
    services: [],
    async stop() {
      await Promise.all(servers.services.map((service) => service.stop()));
    },
  };

  const start = async (service: Service, preparedAt: number) => {
    servers.services.push(service);
    await service.start();
    log(`${service.name} is ready (${seconds(performance.now() - preparedAt)})`);
  };
  const startMysql = async () => {
    const begin = performance.now();
    const { service, url, flowsUrl } = await mysqlServer({
      dataDir,
      port: options.mysqlPort ?? mysqlPort,
      ownerPassword: secrets.mysqlOwner,
      flowsPassword: secrets.mysqlFlows,
    });
    Object.assign(servers, { mysql: service, mysqlUrl: url, mysqlFlowsUrl: flowsUrl });
    await start(service, begin);
  };
  const startRedis = async () => {
    const begin = performance.now();
    const port = options.redisPort ?? redisPort;
    const { service, url } = redisServer({ dataDir, port, password: secrets.redis });
    Object.assign(servers, { redis: service, redisUrl: url });
    await start(service, begin);
  };
  const startMosquitto = async () => {
    const begin = performance.now();
    const { service, url, setAside } = mosquittoServer({
      dataDir,
      port: options.mqttPort ?? mqttPort,
      host: options.mqttHost ?? '127.0.0.1',
      password: secrets.mqtt,
      provisionPassword,
    });
    if (setAside) log(`The MQTT accounts could not be read, are kept as ${setAside}, and will be restored`);
    Object.assign(servers, { mosquitto: service, mqttUrl: url });
    await start(service, begin);
  };

  const results = await Promise.allSettled([
    options.mysql !== false && startMysql(),
    options.redis !== false && startRedis(),
    options.mqtt !== false && startMosquitto(),
  ]);
  const failure = results.find((result) => result.status === 'rejected');
  if (failure) {
    await servers.stop();
    throw failure.reason;
  }
  return servers;
}
