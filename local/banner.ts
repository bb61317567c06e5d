/** What a person needs to know of a system that has just started. */
import type { FirstAdmin } from '../runtime/prepare.ts';

export interface BannerFacts {
  dataDir: string;
  http: { host: string; port: number };
  mqttUrl: string;
}

/** An address at which this machine reaches what listens on `host`. */
export function reachable(host: string): string {
  return host === '0.0.0.0' || host === '::' || host === '' ? '127.0.0.1' : host;
}

/** `host:port` as it stands in a URL: an IPv6 address in brackets (RFC 3986 §3.2.2). */
export function authority(host: string, port: number | string): string {
  const name = reachable(host);
  return `${name.includes(':') ? `[${name}]` : name}:${port}`;
}

export function banner({ dataDir, http, mqttUrl }: BannerFacts): string {
  const base = `http://${authority(http.host, http.port)}`;
  const broker = new URL(mqttUrl);
  return `
Cauce is running.

  API      ${base}/api
  To try   ${base}/docs
  Editor   ${base}/editor
  MQTT     ${broker.protocol}//${broker.host}
  Data     ${dataDir} (logs in ${dataDir}/log)
`;
}

/** Shown once: what is stored is a hash. */
export function firstLogin({ email, password }: FirstAdmin): string {
  return `  The first administrator; the password is not shown again:

    e-mail    ${email}
    password  ${password}
`;
}
