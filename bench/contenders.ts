/** Cauce and its peers, each a process of its own that stores what is published to its own topic. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Servers } from '../local/servers.ts';
import { NODE_FLAGS } from '../runtime/node-flags.ts';

export interface Contender {
  name: string;
  /** First level of its topics: `<prefix>/<vehicle>/telemetry`. */
  prefix: string;
  table: string;
  process: ChildProcess;
  stop(): Promise<void>;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const READY_TIMEOUT_MS = 30_000;
const peers = join(root, 'bench/peers');

/** The real runtime, with the shipped flows. */
export function startCauce(servers: Servers, dataDir: string): Promise<Contender> {
  const flowsDir = join(dataDir, 'flows');
  cpSync(join(root, 'flows'), flowsDir, { recursive: true });
  const env = {
    MYSQL_URL: servers.mysqlUrl,
    MYSQL_FLOWS_URL: servers.mysqlFlowsUrl,
    REDIS_URL: servers.redisUrl,
    MQTT_URL: servers.mqttUrl,
    PROVISION_PASSWORD: servers.provisionPassword,
    DATA_DIR: dataDir,
    FLOWS_DIR: flowsDir,
    HTTP_PORT: '0',
  };
  return start(
    { name: 'Cauce', prefix: 'vehicles', table: 'telemetry' },
    [...NODE_FLAGS, 'node_modules/node-red/red.js', '-s', 'settings.ts'],
    env,
    /Started flows/,
  );
}

/** Node-RED as it comes: `mqtt in`, a function, one row a message through `mysql`. */
export function startStock(servers: Servers, dataDir: string): Promise<Contender> {
  const userDir = join(dataDir, 'stock');
  // Node-RED writes beside its flows.
  cpSync(join(peers, 'stock'), userDir, { recursive: true });
  const database = new URL(servers.mysqlFlowsUrl);
  const broker = new URL(servers.mqttUrl);
  const env = {
    MYSQL_HOST: database.hostname,
    MYSQL_PORT: database.port,
    MYSQL_DATABASE: database.pathname.slice(1),
    MYSQL_USER: database.username,
    MYSQL_PASSWORD: decodeURIComponent(database.password),
    MQTT_HOST: broker.hostname,
    MQTT_PORT: broker.port,
    MQTT_USER: broker.username,
    MQTT_PASSWORD: decodeURIComponent(broker.password),
    HTTP_PORT: '0',
  };
  return start(
    { name: 'Stock Node-RED, a row a message', prefix: 'stock', table: 'bench_stock' },
    ['node_modules/node-red/red.js', '-u', userDir, '-s', join(userDir, 'settings.cjs')],
    env,
    /Connected to broker/,
  );
}

/** A script that only parses and inserts in batches. */
export function startBare(servers: Servers): Promise<Contender> {
  return start(
    { name: 'Bare script, batches', prefix: 'bare', table: 'bench_bare' },
    [join(peers, 'bare.ts'), servers.mqttUrl, servers.mysqlFlowsUrl, 'bare/+/telemetry', 'bench_bare'],
    {},
    /ready/,
  );
}

async function start(
  contender: Omit<Contender, 'process' | 'stop'>,
  args: string[],
  env: Record<string, string>,
  ready: RegExp,
): Promise<Contender> {
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const isReady = new Promise<void>((resolve) => {
    createInterface(child.stdout!).on('line', (line) => {
      if (ready.test(line)) resolve();
    });
  });
  const late = delay(READY_TIMEOUT_MS, undefined, { ref: false });
  const first = await Promise.race([isReady, ended.then(() => 'ended'), late.then(() => 'is not ready')]);
  if (first) {
    child.kill('SIGKILL');
    throw new Error(`${contender.name} ${first}.`);
  }
  return {
    ...contender,
    process: child,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
