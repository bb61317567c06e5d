/** `make run`: everything that Cauce needs, in the foreground, until Ctrl-C. */
import { mkdirSync, realpathSync } from 'node:fs';
import { type Config, ConfigError, readConfig } from '../runtime/config.ts';
import { type FirstAdmin, prepare } from '../runtime/prepare.ts';
import { buildPalette, paletteIsStale } from '../tools/build-palette.ts';
import { banner, firstLogin } from './banner.ts';
import { stopLeftovers } from './leftovers.ts';
import { acquireLock, isLock } from './lock.ts';
import { rotateLogs } from './log-file.ts';
import { ensureInstalled } from './packages.ts';
import { isTaken } from './ports.ts';
import { StartError, say, seconds } from './progress.ts';
import { runtimeService } from './runtime.ts';
import { type Servers, startServers } from './servers.ts';
import { runningServices } from './service.ts';
import { Supervisor } from './supervisor.ts';

const ROTATE_INTERVAL = 60_000;
const ORPHAN_INTERVAL = 1_000;

/** The private servers to start: those that no variable names. */
const wanted = {
  mysql: !process.env.MYSQL_URL,
  redis: !process.env.REDIS_URL,
  mqtt: !process.env.MQTT_URL,
};

const supervisor = new Supervisor({ log: (line) => say(`${new Date().toISOString()} ${line}`) });

async function main(): Promise<void> {
  const begin = performance.now();
  const { http, ...settings } = readSettings();
  mkdirSync(settings.dataDir, { recursive: true, mode: 0o700 });
  const dataDir = realpathSync(settings.dataDir);
  await lock(dataDir);
  for (const { program, pid } of await stopLeftovers(dataDir)) {
    say(`Stopped ${program} (process ${pid}), left over from a run that was killed`);
  }
  await requireFreePort('HTTP_PORT', http.port, http.host);
  if (wanted.mqtt) await requireFreePort('MQTT_PORT', settings.mqttPort, http.host);
  await ensureInstalled((['mysql', 'redis', 'mqtt'] as const).filter((server) => wanted[server]));
  if (paletteIsStale()) {
    say('Building the palette');
    buildPalette();
  }

  const servers = await startServers({
    dataDir,
    ...wanted,
    mqttPort: settings.mqttPort,
    mqttHost: http.host,
    log: say,
  });
  const env = { ...process.env, ...urls(servers), PROVISION_PASSWORD: servers.provisionPassword };
  const { firstAdmin } = await prepare(readConfig(env), say);
  try {
    const runtime = runtimeService({ dataDir, httpPort: http.port, httpHost: http.host, env });
    const starting = performance.now();
    await runtime.start();
    say(`Runtime is ready (${seconds(performance.now() - starting)})`);
    for (const service of runningServices()) supervisor.watch(service);
    setInterval(() => rotateLogs(dataDir), ROTATE_INTERVAL);
    say(banner({ dataDir, http, mqttUrl: servers.mqttUrl || process.env.MQTT_URL! }));
  } finally {
    tell(firstAdmin);
  }
  say(`Ready after ${seconds(performance.now() - begin)}. Ctrl-C stops all of it.`);
}

/** @throws {ConfigError} before anything is started: servers that will be started are taken to be there */
function readSettings(): Pick<Config, 'dataDir' | 'http'> & { mqttPort: number } {
  const { dataDir, http } = readConfig({
    ...process.env,
    ...(wanted.mysql && { MYSQL_URL: 'mysql://private/cauce', MYSQL_FLOWS_URL: '' }),
    ...(wanted.redis && { REDIS_URL: 'redis://private' }),
    ...(wanted.mqtt && { MQTT_URL: 'mqtt://private' }),
  });
  const mqttPort = Number(process.env.MQTT_PORT || 1883);
  if (!Number.isInteger(mqttPort) || mqttPort < 1 || mqttPort > 65_535) {
    throw new ConfigError('MQTT_PORT: a whole number from 1 to 65535 is needed.');
  }
  return { dataDir, http, mqttPort };
}

async function lock(dataDir: string): Promise<void> {
  const result = await acquireLock(dataDir, () => {
    if (isOrphan()) void stop('The process that started this one is gone');
    return stopping !== undefined;
  });
  if (isLock(result)) {
    locked = dataDir;
    return;
  }
  throw new StartError(
    `Cauce already runs on ${dataDir} (process ${result.pid}). Stop it first, or set DATA_DIR, HTTP_PORT and ` +
      'MQTT_PORT to run another one beside it.',
  );
}

async function requireFreePort(variable: string, port: number, host: string): Promise<void> {
  if (!(await isTaken(port, host))) return;
  throw new StartError(
    `Port ${port} is taken by another program. Stop that one, or choose another port: ${variable}=<port>.`,
  );
}

/** Those of the private servers; the environment has the others. */
function urls({ mysqlUrl, mysqlFlowsUrl, redisUrl, mqttUrl }: Servers): Record<string, string> {
  return {
    ...(wanted.mysql && { MYSQL_URL: mysqlUrl, MYSQL_FLOWS_URL: mysqlFlowsUrl }),
    ...(wanted.redis && { REDIS_URL: redisUrl }),
    ...(wanted.mqtt && { MQTT_URL: mqttUrl }),
  };
}

function tell(firstAdmin: FirstAdmin | undefined): void {
  if (firstAdmin) say(firstLogin(firstAdmin));
}

let stopping: Promise<void> | undefined;
/** The data directory, once its lock is ours. */
let locked: string | undefined;

/** Runtime first: it finishes its work while the servers are still there. */
function stop(why: string): Promise<void> {
  stopping ??= (async () => {
    say(`\n${why}: stopping`);
    supervisor.stop();
    const begin = performance.now();
    const services = runningServices();
    await Promise.all(services.filter(({ name }) => name === 'Runtime').map((service) => service.stop()));
    await Promise.all(services.map((service) => service.stop()));
    // A server that was being set up runs helpers of its own.
    if (locked) await stopLeftovers(locked);
    say(`Stopped after ${seconds(performance.now() - begin)}`);
    process.exit();
  })();
  return stopping;
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // Asked twice, it does not wait for anybody: what runs is killed when this process exits.
    if (stopping) process.exit(1);
    void stop(signal);
  });
}

/** make or npm held this process in the foreground. Killed with -9, they cannot pass that on: we notice. */
const parent = process.ppid;
const heldByTool = process.env.MAKELEVEL !== undefined || process.env.npm_lifecycle_event !== undefined;
const isOrphan = () => heldByTool && process.ppid !== parent;
setInterval(() => {
  if (isOrphan()) void stop('The process that started this one is gone');
}, ORPHAN_INTERVAL);

main().catch(async (error) => {
  // A start that is interrupted fails somewhere; that is no news.
  if (stopping) return;
  const plain = error instanceof StartError || error instanceof ConfigError;
  console.error(`\n${plain ? error.message : (error.stack ?? error)}`);
  process.exitCode = 1;
  await Promise.all(runningServices().map((service) => service.stop()));
  process.exit();
});
