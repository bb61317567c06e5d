/**
 * The environment, read once: typed, with defaults, and checked as a whole, so that one start names every
 * variable that is wrong. docs/operating.md lists them.
 */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export type Environment = Record<string, string | undefined>;

/** One account on one schema of a MySQL server. */
export interface MysqlTarget {
  host: string;
  port: number;
  database: string;
  user: string;
  password: string;
}

export interface MqttTarget {
  /** A host, or a whole `mqtts://host:port` where the scheme is not plain `mqtt`. */
  host: string;
  port: number;
  user: string;
  password: string;
}

export interface Config {
  /** Absolute. */
  dataDir: string;
  /** Absolute. */
  flowsDir: string;
  http: { host: string; port: number; trustProxy: boolean | number | string };
  /** `owner` migrates and knows the users; `flows` is the account that the flows' SQL runs under. */
  mysql: { owner: MysqlTarget; flows: MysqlTarget };
  redisUrl: string;
  mqtt: MqttTarget;
  admin: { email: string | undefined; password: string | undefined };
  logLevel: LogLevel;
  rateLimits: { loginPerAccountMinute: number; loginPerAddressMinute: number; writesPerUserSecond: number };
  jwt: { accessTtlSeconds: number; refreshTtlSeconds: number };
  /** Seconds without a word after which a vehicle counts as stale. */
  vehicleStaleAfterSeconds: number;
}

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What is wrong with the environment: one line a variable, without its value, which may be a password. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(message: string) {
    super(message);
    // Node-RED prints the stack of what goes wrong here. The person who set the environment needs the text alone.
    this.stack = message;
  }
}

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const MINUTE_S = 60;
const DAY_S = 24 * 60 * MINUTE_S;

/** @throws {ConfigError} naming each variable that is missing or malformed */
export function readConfig(env: Environment): Config {
  const wrong: string[] = [];
  /** An empty variable counts as absent: compose files pass `NAME=` for what is not set. */
  const text = (name: string) => env[name] || undefined;

  function integer(name: string, fallback: number, min: number, max: number): number {
    const value = Number(text(name) ?? fallback);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    wrong.push(`${name}: a whole number from ${min} to ${max} is needed.`);
    return fallback;
  }

  function url(name: string, schemes: readonly string[], example: string): URL | undefined {
    const value = text(name);
    const parsed = value && URL.canParse(value) ? new URL(value) : undefined;
    if (parsed?.hostname && schemes.includes(parsed.protocol)) return parsed;
    wrong.push(`${name}: ${value ? 'cannot be read' : 'is not set'}. It looks like ${example}`);
    return undefined;
  }

  function mysql(name: string): MysqlTarget {
    const parsed = url(name, ['mysql:', 'mariadb:'], 'mysql://user:password@host:3306/schema');
    const database = decodeURIComponent(parsed?.pathname.slice(1) ?? '');
    if (parsed && !/^[^/]+$/.test(database)) wrong.push(`${name}: names no schema; end it with /schema`);
    return { ...hostPort(parsed, 3306), database, ...account(parsed) };
  }

  function mqtt(): MqttTarget {
    const parsed = url('MQTT_URL', [...MQTT_PORTS.keys()], 'mqtt://user:password@host:1883');
    const scheme = parsed?.protocol ?? 'mqtt:';
    const place = hostPort(parsed, MQTT_PORTS.get(scheme) ?? 1883);
    const path = scheme.startsWith('ws') ? (parsed?.pathname ?? '') : '';
    const host = scheme === 'mqtt:' ? place.host : `${scheme}//${parsed?.hostname}:${place.port}${path}`;
    return { host, port: place.port, ...account(parsed) };
  }

  const owner = mysql('MYSQL_URL');
  const config: Config = {
    dataDir: resolve(text('DATA_DIR') ?? '.data'),
    flowsDir: resolve(text('FLOWS_DIR') ?? `${PROJECT}/flows`),
    http: {
      host: text('HTTP_HOST') ?? '0.0.0.0',
      port: integer('HTTP_PORT', 1880, 0, 65_535),
      trustProxy: trustProxy(text('TRUST_PROXY')),
    },
    mysql: { owner, flows: text('MYSQL_FLOWS_URL') ? mysql('MYSQL_FLOWS_URL') : owner },
    redisUrl: url('REDIS_URL', ['redis:', 'rediss:'], 'redis://host:6379')?.href ?? '',
    mqtt: mqtt(),
    admin: { email: text('ADMIN_EMAIL'), password: text('ADMIN_PASSWORD') },
    logLevel: (text('LOG_LEVEL') ?? 'info') as LogLevel,
    rateLimits: {
      loginPerAccountMinute: integer('LOGIN_PER_ACCOUNT_MINUTE', 10, 1, 1_000_000),
      loginPerAddressMinute: integer('LOGIN_PER_ADDRESS_MINUTE', 60, 1, 1_000_000),
      writesPerUserSecond: integer('WRITES_PER_USER_SECOND', 200, 1, 1_000_000),
    },
    jwt: {
      accessTtlSeconds: integer('JWT_ACCESS_TTL_S', 15 * MINUTE_S, 1, DAY_S),
      refreshTtlSeconds: integer('JWT_REFRESH_TTL_S', 30 * DAY_S, MINUTE_S, 365 * DAY_S),
    },
    vehicleStaleAfterSeconds: integer('VEHICLE_STALE_AFTER_S', 60, 1, DAY_S),
  };
  if (!LOG_LEVELS.includes(config.logLevel)) wrong.push(`LOG_LEVEL: one of ${LOG_LEVELS.join(', ')}.`);
  if (wrong.length) throw new ConfigError(`The environment is not complete:\n  ${wrong.join('\n  ')}`);
  return config;
}

const MQTT_PORTS = new Map([
  ['mqtt:', 1883],
  ['mqtts:', 8883],
  ['ws:', 80],
  ['wss:', 443],
]);

function hostPort(url: URL | undefined, port: number): { host: string; port: number } {
  // An IPv6 address stands in brackets in a URL (RFC 3986 §3.2.2), and nowhere else.
  return { host: url?.hostname.replace(/^\[(.*)\]$/, '$1') ?? '', port: Number(url?.port || port) };
}

function account(url: URL | undefined): { user: string; password: string } {
  return { user: decodeURIComponent(url?.username ?? ''), password: decodeURIComponent(url?.password ?? '') };
}

/** Express's `trust proxy`: a count of proxies, `true`, or addresses and CIDRs. */
function trustProxy(value: string | undefined): boolean | number | string {
  if (value === undefined || value === 'false') return false;
  if (value === 'true') return true;
  return /^\d+$/.test(value) ? Number(value) : value;
}

/** Read by the runtime alone: not left where a flow's `${…}` or a Function node could read it. */
const RUNTIME_ONLY = [
  'MYSQL_URL',
  'MYSQL_FLOWS_URL',
  'MQTT_URL',
  'ADMIN_PASSWORD',
  'JWT_SECRET',
  'SECRETS_KEY',
  'PROVISION_PASSWORD',
];

/** Leaves in `env` what flow files refer to as `${…}`, and takes away what they have no business with. */
export function publishToFlows(config: Config, env: Environment): void {
  for (const name of RUNTIME_ONLY) delete env[name];
  const { flows } = config.mysql;
  Object.assign(env, {
    MYSQL_HOST: flows.host,
    MYSQL_PORT: String(flows.port),
    MYSQL_DATABASE: flows.database,
    MYSQL_USER: flows.user,
    MYSQL_PASSWORD: flows.password,
    MQTT_HOST: config.mqtt.host,
    MQTT_PORT: String(config.mqtt.port),
    MQTT_USER: config.mqtt.user,
    MQTT_PASSWORD: config.mqtt.password,
    REDIS_URL: config.redisUrl,
    VEHICLE_STALE_AFTER_S: String(config.vehicleStaleAfterSeconds),
  });
}
