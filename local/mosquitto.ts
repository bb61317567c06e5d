/** A private Mosquitto, configured by mosquitto/mosquitto.conf with the paths of this machine. */
import { globSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import mqtt from 'mqtt';
import { ensureAccounts } from '../mosquitto/accounts.ts';
import { PRIVATE_FILE, writeFileAtomically } from '../runtime/files.ts';
import { authority, reachable } from './banner.ts';
import { logFile } from './log-file.ts';
import { requireProgram } from './programs.ts';
import { Service } from './service.ts';

export interface MosquittoOptions {
  dataDir: string;
  port: number;
  /** Default: every interface. */
  host?: string;
  /** Of the runtime's account. */
  password: string;
  provisionPassword: string;
}

export interface MosquittoServer {
  service: Service;
  url: string;
  /** Name of a file of accounts that could not be read and was set aside. */
  setAside: string | undefined;
}

const shipped = fileURLToPath(new URL('../mosquitto/', import.meta.url));

export function mosquittoServer(options: MosquittoOptions): MosquittoServer {
  const { dataDir, port, host, password, provisionPassword } = options;
  const directory = join(dataDir, 'mosquitto');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const accounts = join(directory, 'dynamic-security.json');
  const setAside = ensureAccounts(accounts, { cauce: password, provision: provisionPassword });

  const configuration = join(dataDir, 'mosquitto.conf');
  writeFileAtomically(
    configuration,
    localConfiguration(readFileSync(join(shipped, 'mosquitto.conf'), 'utf8'), {
      listener: host ? `${port} ${host}` : `${port}`,
      plugin: pluginPath(),
      plugin_opt_config_file: accounts,
      acl_file: join(shipped, 'acl'),
      persistence_location: `${directory}/`,
      ...(process.getuid?.() === 0 && { user: 'root' }),
    }),
    PRIVATE_FILE,
  );
  const service = new Service({
    name: 'Mosquitto',
    command: requireProgram('mosquitto'),
    args: ['-c', configuration],
    logFile: logFile(dataDir, 'mosquitto'),
    probe: () => probe(port, host, password),
  });
  return { service, url: `mqtt://cauce:${password}@${authority(host ?? '', port)}`, setAside };
}

/** The shipped configuration with some values replaced; what it does not have is added. */
export function localConfiguration(text: string, values: Record<string, string>): string {
  const rest = new Map(Object.entries(values));
  const lines = text.split('\n').map((line) => {
    const key = line.split(' ', 1)[0]!;
    const value = rest.get(key);
    rest.delete(key);
    return value === undefined ? line : `${key} ${value}`;
  });
  return `${[...lines, ...[...rest].map(([key, value]) => `${key} ${value}`)].join('\n')}\n`;
}

function pluginPath(): string {
  const [path] = globSync([
    '/usr/lib/*/mosquitto_dynamic_security.so',
    '/usr/lib/mosquitto_dynamic_security.so',
    '/usr/local/lib/mosquitto_dynamic_security.so',
  ]);
  if (!path) throw new Error('mosquitto_dynamic_security.so is not installed (Debian package mosquitto).');
  return path;
}

async function probe(port: number, host: string | undefined, password: string): Promise<void> {
  const client = await mqtt.connectAsync({
    protocol: 'mqtt',
    host: reachable(host ?? ''),
    port,
    username: 'cauce',
    password,
    clientId: `cauce-probe-${process.pid}`,
    reconnectPeriod: 0,
    connectTimeout: 1_000,
  });
  await client.endAsync();
}
