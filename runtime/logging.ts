/**
 * Node-RED's log as one JSON object a line (pino): `level`, `time`, `msg`, and `node`, `request_id`, `err`, `event`
 * where there are such. Audit events (who logged in, who deployed) are lines with `audit: true`.
 */
import pino, { type DestinationStream, type Logger } from 'pino';
import type { Config, LogLevel } from './config.ts';
import type { Secrets } from './secrets.ts';

/** What Node-RED hands to a log handler. Nodes may log text, an error, or an object with fields of their own. */
interface LogEvent {
  level: number;
  msg?: unknown;
  id?: string;
  type?: string;
  name?: string;
  z?: string;
  event?: string;
  user?: { username?: string } | undefined;
  username?: string;
  path?: string;
  ip?: string;
  error?: unknown;
}

/** The editor reads something, or its page is opened and closed: dozens of events for one visit. */
const LOOKING = /\.get$|^comms\./;
/** Node-RED's conclusion from `credentialSecret: false`. The storage seals them instead (flow-storage/credentials.ts). */
const UNTRUE = 'Using unencrypted credentials';
const AUDIT = 98;
const METRIC = 99;
const LEVELS: Record<number, LogLevel> = {
  10: 'fatal',
  20: 'error',
  30: 'warn',
  40: 'info',
  50: 'debug',
  60: 'trace',
};

/** Names under which secrets travel in objects that somebody logs. */
const SECRET_FIELDS = [
  'password',
  'token',
  'access_token',
  'refresh_token',
  'authorization',
  'credentials',
  'cookie',
];
const REDACTED = '[redacted]';
/** A shorter secret would blacken ordinary words. */
const SHORTEST_SECRET = 8;

/**
 * @param secrets values that must never be written: a driver's error message may quote its URL, for one
 * @param destination standard output by default
 */
export function createLogger(
  level: LogLevel,
  secrets: readonly string[],
  destination?: DestinationStream,
): Logger {
  const values = [...new Set(secrets.flatMap((secret) => [secret, encodeURIComponent(secret)]))]
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    .map((secret) =>
      JSON.stringify(secret)
        .slice(1, -1)
        .replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'),
    );
  const pattern = values.length ? new RegExp(values.join('|'), 'g') : undefined;
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
        censor: REDACTED,
      },
      hooks: { streamWrite: (line) => (pattern ? line.replace(pattern, REDACTED) : line) },
    },
    destination ?? pino.destination({ fd: 1, sync: true }),
  );
}

/** A value for the key `logging` of Node-RED's settings. */
export function nodeRedLogging(logger: Logger, level: LogLevel) {
  return {
    pino: { level, metrics: false, audit: true, handler: () => (event: LogEvent) => write(logger, event) },
  };
}

function write(logger: Logger, event: LogEvent): void {
  if (event.level === METRIC) return;
  if (event.level === AUDIT) {
    const { event: name = '', user, username, path, ip, error } = event;
    const fields = { audit: true, event: name, user: user?.username ?? username, path, ip, error };
    logger[LOOKING.test(name) ? 'debug' : 'info'](fields, name);
    return;
  }
  if (event.msg === UNTRUE) return;
  const node = event.id && { id: event.id, type: event.type, name: event.name, tab: event.z };
  const { fields, text } = describe(event.msg);
  logger[LEVELS[event.level] ?? 'info']({ ...(node && { node }), ...fields }, text);
}

function describe(message: unknown): { fields: Record<string, unknown>; text: string } {
  if (message instanceof Error) {
    const { request_id } = message as { request_id?: string };
    return { fields: { err: message, ...(request_id && { request_id }) }, text: message.message };
  }
  if (typeof message === 'object' && message !== null) {
    const { msg, message: inner, ...fields } = message as Record<string, unknown>;
    return { fields, text: String(msg ?? inner ?? '') };
  }
  return { fields: {}, text: String(message).trim() };
}

/** Every secret that this process knows. */
export function secretsOf(config: Config, secrets: Secrets): string[] {
  const { owner, flows } = config.mysql;
  const redis = URL.canParse(config.redisUrl) ? decodeURIComponent(new URL(config.redisUrl).password) : '';
  const key = secrets.secretsKey;
  const passwords = [
    owner.password,
    flows.password,
    config.mqtt.password,
    redis,
    config.admin.password ?? '',
  ];
  return [
    ...passwords,
    secrets.jwtSecret,
    secrets.provisionPassword,
    key.toString('hex'),
    key.toString('base64'),
  ];
}
