/**
 * How Cauce configures Node-RED: `node node_modules/node-red/red.js -s settings.ts` is the product.
 *
 * A settings file is a plain object. Node-RED loads it with `require`, which is why nothing below may `await` while
 * it loads, and why the last line exports the object under the name that `require` looks for.
 * What varies between machines comes from the environment: runtime/config.ts and docs/operating.md list it.
 */
import { join } from 'node:path';
import { contracts } from './api-contracts/index.ts';
import type { CauceSettings } from './nodes/shared/settings.ts';
import { publishToFlows, readConfig } from './runtime/config.ts';
import { createEditorLogin } from './runtime/editor-login.ts';
import { tellFirstLogin } from './runtime/first-login.ts';
import { createStorage } from './runtime/flow-storage/index.ts';
import { createLogger, nodeRedLogging, secretsOf } from './runtime/logging.ts';
import { prepare } from './runtime/prepare.ts';
import { loadSecrets } from './runtime/secrets.ts';
import { editorHeaders } from './runtime/security-headers.ts';
import { accountFinder } from './runtime/users.ts';

const config = readConfig(process.env);
const secrets = loadSecrets(config.dataDir, process.env);
// From here on flows see `${MYSQL_HOST}` and the like, and no longer the secrets of the runtime itself.
publishToFlows(config, process.env);

const logger = createLogger(config.logLevel, secretsOf(config, secrets));
for (const name of secrets.weak) logger.warn(`${name} is short enough to be guessed: use a random one.`);
const login = createEditorLogin({
  findAccount: accountFinder(config.mysql.owner),
  limits: config.rateLimits,
  onError: (error) => logger.error({ err: error }, 'The editor cannot look up a user'),
});
const storage = createStorage({
  flowsDir: config.flowsDir,
  dataDir: config.dataDir,
  key: secrets.secretsKey,
  async prepare() {
    const { firstAdmin } = await prepare(config, (line) => logger.info(line));
    if (firstAdmin) logger.warn(tellFirstLogin(firstAdmin, config.dataDir));
  },
  fail(error) {
    logger.fatal({ err: error }, 'Cauce cannot start');
    // Node-RED would log it and stay, serving nothing. A supervisor has to see that this start failed.
    process.exit(1);
  },
});

/** What the palette needs to know; `RED.settings.cauce` there. */
const cauce: CauceSettings = {
  // TypeBox schemas are JSON Schemas; only their declared type is another.
  contracts: contracts as CauceSettings['contracts'],
  jwt: { secret: secrets.jwtSecret, ...config.jwt },
  secretsKey: secrets.secretsKey,
  provisionPassword: secrets.provisionPassword,
  rateLimits: config.rateLimits,
};

const settings: Record<string, unknown> = {
  cauce,

  // ── Where things are ─────────────────────────────────────────────────────────────────────────────────────────

  /** Flows: one file a tab under `flows/`, instead of one large file. Settings, sessions: under `DATA_DIR`. */
  storageModule: {
    ...storage,
    ...login.keepSessions(storage),
  },

  /** Node-RED looks here for nodes that were installed by hand (`npm install` in this directory). */
  userDir: join(config.dataDir, 'node-red'),

  /** The palette. Its package.json names the nodes; `npm run build` compiles them. */
  nodesDir: [join(import.meta.dirname, 'nodes')],

  /** false: Node-RED leaves credentials as they are, because the storage above seals them itself, and better. */
  credentialSecret: false,

  // ── HTTP ─────────────────────────────────────────────────────────────────────────────────────────────────────

  uiHost: config.http.host,
  uiPort: config.http.port,

  /** The editor and its API. The endpoints that flows define have the rest of the address space. */
  httpAdminRoot: '/editor',
  httpNodeRoot: '/',

  /**
   * Express options. `trust proxy` says whose `X-Forwarded-For` is believed: nobody's, unless TRUST_PROXY says so;
   * otherwise a caller could choose the address that rate limits count.
   */
  httpServerOptions: { 'x-powered-by': false, 'trust proxy': config.http.trustProxy },

  /** The largest deploy that the editor can send. */
  apiMaxLength: '16mb',

  // ── Who may edit ─────────────────────────────────────────────────────────────────────────────────────────────

  /** Users of the database with the role `admin`; see runtime/editor-login.ts. */
  adminAuth: login.adminAuth,

  /** In front of the editor: headers against framing and sniffing, and the limit on login attempts. */
  httpAdminMiddleware: [editorHeaders, login.limitLogins],

  // ── What a flow may do ───────────────────────────────────────────────────────────────────────────────────────

  /**
   * Core nodes that reach past the product (programs, files, raw sockets) are not loaded. An administrator can still
   * run code in a Function node: this keeps accidents out, the login keeps strangers out.
   */
  nodesExcludes: ['90-exec.js', '28-tail.js', '10-file.js', '23-watch.js', '31-tcpin.js', '32-udp.js'],

  /** No npm modules from within Function nodes: what runs is what the lockfile says. */
  functionExternalModules: false,

  /** Nothing is put into the global context of Function nodes. */
  functionGlobalContext: {},

  /** Seconds after which a Function node that loops is stopped. Without it one node can hold up everything. */
  globalFunctionTimeout: 10,

  /** No modules are installed from the editor, or because a flow mentions them. */
  externalModules: {
    autoInstall: false,
    palette: { allowInstall: false, allowUpdate: false, allowUpload: false },
    modules: { allowInstall: false },
  },

  /** TLS keys are named by environment variable or uploaded, not read from any path that somebody types. */
  tlsConfigDisableLocalFiles: true,

  /** Messages that a core node (delay, join, batch, …) holds back before it drops: without it, until memory ends. */
  nodeMessageBufferMaxLength: 10_000,

  /** Connections that the `mysql` nodes share. Cauce's own nodes have ten more (nodes/shared/mysql.ts). */
  mysqlConnectionLimit: 20,

  // ── Time ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Milliseconds until the `mysql` node, the MQTT nodes and sockets try again. The servers are close by. */
  mysqlReconnectTime: 1_000,
  mqttReconnectTime: 1_000,
  socketReconnectTime: 1_000,

  /** Milliseconds that an `http request` node waits. */
  httpRequestTimeout: 30_000,

  /** Milliseconds that a node has to finish its work when the runtime stops: they close together, in under 15 s. */
  nodeCloseTimeout: 12_000,

  // ── Telling ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** JSON, a line an event, on standard output; LOG_LEVEL sets from which level on. Logins and deploys too. */
  logging: nodeRedLogging(logger, config.logLevel),

  /** Characters of a message that the debug sidebar shows. */
  debugMaxLength: 1_000,

  /** Nothing is sent to the Node-RED project, and no page of the editor tells about this machine. */
  telemetry: { enabled: false, updateNotification: false },
  diagnostics: { enabled: false, ui: false },

  /** Flows are started and stopped with the process only. */
  runtimeState: { enabled: false, ui: false },

  // ── The editor ───────────────────────────────────────────────────────────────────────────────────────────────

  editorTheme: {
    page: { title: 'Cauce' },
    header: { title: 'Cauce' },
    /** No welcome tour, no git projects (flows/ is the working copy already). */
    tours: false,
    projects: { enabled: false },
    palette: {
      categories: {
        order: ['cauce', 'common', 'function', 'network', 'storage', 'sequence', 'parser', 'subflows'],
      },
    },
  },
};

export { settings as 'module.exports' };
