/** `make simulate`: a fleet against the running system. */
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { AccessMissing, apiLogin, provisionPassword } from './access.ts';
import { Api, ApiError, type ApiLogin } from './api.ts';
import { Fleet } from './fleet.ts';
import { MemoryStore } from './memory.ts';
import { showProgress } from './progress.ts';

const USAGE = `Usage: make simulate [ARGS="options"]  or  npm run simulate -- [options]

  --vehicles N   how many vehicles (10)
  --rate R       samples a second of each (1)
  --for S        stop after S seconds (runs until Ctrl-C)
  --prefix NAME  vehicles are called NAME-001, NAME-002, ... (sim)
  --api URL      the REST API (http://127.0.0.1:$HTTP_PORT)
  --mqtt URL     the broker (mqtt://127.0.0.1:$MQTT_PORT)

Environment: ADMIN_EMAIL (admin@cauce.local) and ADMIN_PASSWORD, with which a first run creates the vehicles;
PROVISION_PASSWORD, unless DATA_DIR (.data) is that of the running system. A terminal is asked for the password.
What the vehicles learn is kept in DATA_DIR/simulator: a second run goes on with it.`;

/** Time for the last acknowledgements when the fleet stops. */
const GRACE_MS = 10_000;

async function main(): Promise<number> {
  const options = readOptions();
  const dataDir = resolve(process.env.DATA_DIR || '.data');
  const memory = new MemoryStore(join(dataDir, 'simulator'));
  // Asked once, even where many vehicles need it.
  let login: Promise<ApiLogin> | undefined;
  const api = new Api(options.api, () => (login ??= apiLogin(process.env, dataDir, process.stdin)));
  const fleet = new Fleet({
    vehicles: options.vehicles,
    rate: options.rate,
    prefix: options.prefix,
    mqttUrl: options.mqtt,
    provisionPassword: await provisionPassword(process.env, dataDir),
    api,
    memory,
  });
  // A wrong or missing login is said once and at once, not by each vehicle.
  if (await fleet.hasNewcomers()) await api.logIn();

  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());
  console.log(
    `${options.vehicles} vehicles, ${options.rate} samples/s each → ${options.mqtt}. Ctrl-C stops.`,
  );
  const endProgress = showProgress(() => fleet.counters());
  const started = fleet.start();
  started.catch(() => interrupted.abort());
  await sleep(options.forMs, undefined, { signal: interrupted.signal }).catch(() => {});
  endProgress();
  await fleet.stop(GRACE_MS);
  await started;
  const { acked, unacked } = fleet.counters();
  console.log(
    `Stopped: ${acked} acked, ${unacked} un-acked${unacked > 0 ? ` after ${GRACE_MS / 1_000} s` : ''}.`,
  );
  return unacked === 0 && acked > 0 ? 0 : 1;
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      vehicles: { type: 'string', default: '10' },
      rate: { type: 'string', default: '1' },
      for: { type: 'string' },
      prefix: { type: 'string', default: 'sim' },
      api: { type: 'string', default: `http://127.0.0.1:${process.env.HTTP_PORT || 1880}` },
      mqtt: { type: 'string', default: `mqtt://127.0.0.1:${process.env.MQTT_PORT || 1883}` },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  return {
    api: values.api,
    mqtt: values.mqtt,
    prefix: values.prefix,
    vehicles: positive('vehicles', values.vehicles, Number.isInteger),
    rate: positive('rate', values.rate),
    forMs: values.for === undefined ? 2 ** 31 - 1 : positive('for', values.for) * 1_000,
  };
}

function positive(flag: string, text: string, also: (value: number) => boolean = Number.isFinite): number {
  const value = Number(text);
  if (value > 0 && also(value)) return value;
  throw new AccessMissing(`--${flag} ${text} is not a positive number.\n\n${USAGE}`);
}

try {
  process.exitCode = await main();
} catch (error) {
  const known = error instanceof AccessMissing || error instanceof ApiError;
  const parse = (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
  console.error(known ? error.message : parse ? `${(error as Error).message}\n\n${USAGE}` : error);
  process.exitCode = 1;
}
