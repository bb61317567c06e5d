/** The runtime, Node-RED with settings.ts, as a program beside us. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NODE_FLAGS } from '../runtime/node-flags.ts';
import { authority } from './banner.ts';
import { logFile } from './log-file.ts';
import { Service } from './service.ts';

export interface RuntimeOptions {
  dataDir: string;
  httpPort: number;
  /** Where it listens. */
  httpHost?: string;
  /** The runtime's environment, see docs/operating.md. Our own is not passed on by itself. */
  env: NodeJS.ProcessEnv;
  /** Milliseconds. */
  readyTimeout?: number;
}

const root = fileURLToPath(new URL('..', import.meta.url));
/** Node-RED gives its nodes 12 s (settings.ts), and itself the rest. */
const STOP_TIMEOUT = 15_000;
const PROBE_TIMEOUT = 2_000;

export function runtimeService(options: RuntimeOptions): Service {
  const { dataDir, httpPort, httpHost = '127.0.0.1', env, readyTimeout } = options;
  return new Service({
    name: 'Runtime',
    command: process.execPath,
    args: [...NODE_FLAGS, join(root, 'node_modules/node-red/red.js'), '-s', join(root, 'settings.ts')],
    cwd: root,
    env: { ...env, DATA_DIR: dataDir, HTTP_PORT: String(httpPort) },
    logFile: logFile(dataDir, 'runtime'),
    async probe() {
      const url = `http://${authority(httpHost, httpPort)}/readyz`;
      const answer = await fetch(url, { signal: AbortSignal.timeout(PROBE_TIMEOUT) });
      if (!answer.ok) throw new Error(`GET /readyz answers ${answer.status}: ${await answer.text()}`);
    },
    stopTimeout: STOP_TIMEOUT,
    ...(readyTimeout && { readyTimeout }),
  });
}
