/**
 * The whole product, as `make run` starts it, on free ports with a data directory of its own: what the tests in
 * flows/, faults/ and browser/ talk to.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { IClientOptions, MqttClient } from 'mqtt';
import { createPool, type Pool } from 'mysql2/promise';
import { freePorts } from '../../local/ports.ts';
import { runtimeService } from '../../local/runtime.ts';
import { type Servers, startServers } from '../../local/servers.ts';
import type { Service } from '../../local/service.ts';
import { rows, scratchDatabase } from './database.ts';
import { type Answer, type Api, apiOf } from './http.ts';
import { connectMqtt } from './mqtt.ts';

export type { Answer } from './http.ts';
export { nextMessage, type Received } from './mqtt.ts';

export interface ProductOptions {
  /** Added to the runtime's environment. */
  env?: Record<string, string>;
  /** A private MySQL even where MYSQL_URL names another: for tests that stop it. */
  privateMysql?: boolean;
  /** Copied to DATA_DIR/flows, which the runtime uses. Default: the shipped flows. */
  flowsDir?: string;
}

export interface Product {
  dataDir: string;
  baseUrl: string;
  httpPort: number;
  mqttPort: number;
  admin: { email: string; password: string };
  provisionPassword: string;
  servers: Servers;
  /** `kill()`, `stop()`, `start()`: `start` resolves when `/readyz` answers 200 again. */
  runtime: Service;
  /** The owner's account. */
  mysql: Pool;
  mysqlUrl: string;
  api: Api;
  /** Logs in anew; without arguments as the first administrator. */
  login(email?: string, password?: string): Promise<string>;
  /** An administrator's access token, always the same. */
  token(): Promise<string>;
  /** As administrator. */
  asAdmin: Api;
  sql<Row = Record<string, any>>(statement: string, params?: unknown[]): Promise<Row[]>;
  /** Connects a device. @throws where the broker refuses */
  mqttClient(
    username: string,
    password: string,
    clientId?: string,
    options?: IClientOptions,
  ): Promise<MqttClient>;
  /** With the runtime's own account: reads and writes everything. */
  mqttObserver(filter?: string): Promise<MqttClient>;
  /** What the runtime logged, oldest first: pino's lines as objects, others as `{msg}`. */
  logs(): Array<Record<string, any>>;
  stop(): Promise<void>;
}

const flows = fileURLToPath(new URL('../../flows', import.meta.url));
const READY_TIMEOUT = 30_000;

/** Starts servers and runtime; resolves when `/readyz` answers 200. Call `stop()` in an `after`. */
export async function startProduct(options: ProductOptions = {}): Promise<Product> {
  const dataDir = mkdtempSync(join(tmpdir(), 'cauce-product-'));
  const cleanUp: Array<() => unknown> = [() => rmSync(dataDir, { recursive: true, force: true })];
  const stop = async () => {
    for (const step of cleanUp.splice(0).reverse()) await step();
  };
  try {
    return await start(options, dataDir, cleanUp, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  options: ProductOptions,
  dataDir: string,
  cleanUp: Array<() => unknown>,
  stop: () => Promise<void>,
): Promise<Product> {
  const given = options.privateMysql ? undefined : process.env.MYSQL_URL;
  const servers = await startServers({ dataDir, mysql: !given });
  cleanUp.push(() => servers.stop());
  const scratch = given ? await scratchDatabase(given) : undefined;
  if (scratch) cleanUp.push(scratch.drop);
  const mysqlUrl = scratch?.url ?? servers.mysqlUrl;

  cpSync(options.flowsDir ?? flows, join(dataDir, 'flows'), { recursive: true });
  const admin = { email: 'admin@example.com', password: 'correct horse battery staple' };
  const [httpPort] = (await freePorts(0)) as [number];
  const runtime = runtimeService({
    dataDir,
    httpPort,
    readyTimeout: READY_TIMEOUT,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      MYSQL_URL: mysqlUrl,
      MYSQL_FLOWS_URL: scratch?.url ?? servers.mysqlFlowsUrl,
      REDIS_URL: servers.redisUrl,
      MQTT_URL: servers.mqttUrl,
      HTTP_HOST: '127.0.0.1',
      FLOWS_DIR: join(dataDir, 'flows'),
      ADMIN_EMAIL: admin.email,
      ADMIN_PASSWORD: admin.password,
      PROVISION_PASSWORD: servers.provisionPassword,
      ...options.env,
    },
  });
  cleanUp.push(() => runtime.stop());
  await runtime.start();

  const mysql = createPool({ uri: mysqlUrl, timezone: 'Z', connectionLimit: 4 });
  cleanUp.push(() => mysql.end());
  const clients = new Set<MqttClient>();
  cleanUp.push(() => Promise.all([...clients].map((client) => client.endAsync(true))));
  const connect = async (url: string, clientOptions: IClientOptions) => {
    const client = await connectMqtt(url, clientOptions);
    // A test may close the connection under it; an 'error' that nobody hears would end the whole run.
    client.on('error', () => {});
    clients.add(client);
    return client;
  };

  const baseUrl = `http://127.0.0.1:${httpPort}`;
  const mqttPort = Number(new URL(servers.mqttUrl).port);
  const api = apiOf(baseUrl);
  const login = async (email = admin.email, password = admin.password) => {
    const answer = await api('POST', '/api/auth/login', { body: { email, password } });
    if (answer.status !== 200) throw new Error(`Login answers ${answer.status}: ${describe(answer)}`);
    return answer.body.access_token as string;
  };
  let token: Promise<string> | undefined;
  const adminToken = () => {
    token ??= login().catch((error) => {
      // A login that failed, during a deploy for example, may succeed the next time.
      token = undefined;
      throw error;
    });
    return token;
  };

  return {
    dataDir,
    baseUrl,
    httpPort,
    mqttPort,
    admin,
    provisionPassword: servers.provisionPassword,
    servers,
    runtime,
    mysql,
    mysqlUrl,
    api,
    login,
    token: adminToken,
    asAdmin: async (method, path, request) => api(method, path, { token: await adminToken(), ...request }),
    sql: (statement, params) => rows(mysql, statement, params),
    mqttClient: (username, password, clientId, more) =>
      connect(`mqtt://127.0.0.1:${mqttPort}`, {
        username,
        password,
        ...(clientId && { clientId }),
        ...more,
      }),
    async mqttObserver(filter = '#') {
      const client = await connect(servers.mqttUrl, {});
      await client.subscribeAsync(filter, { qos: 1 });
      return client;
    },
    logs: () => readFileSync(runtime.logFile, 'utf8').trim().split('\n').map(parseLine),
    stop,
  };
}

function describe(answer: Answer): string {
  return typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
}

function parseLine(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line);
  } catch {
    return { msg: line };
  }
}
