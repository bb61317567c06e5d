/** The runtime as `node red.js -s settings.ts` starts it, for tests: a process of its own on a free port. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

export interface LogLine {
  level: string;
  msg: string;
  [field: string]: unknown;
}

/** How a process ended. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface Runtime {
  /** `http://127.0.0.1:port` */
  url: string;
  process: ChildProcess;
  /** What it logged so far. */
  log: LogLine[];
  /** Resolves with the first line, past or future, whose text matches. */
  logged(pattern: RegExp): Promise<LogLine>;
  /** Sends SIGTERM and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<Exit>;
  exited: Promise<Exit>;
}

/**
 * Starts the runtime and returns at once; `logged` tells how far it is.
 * @param env all of its environment, besides PATH; HTTP_PORT and HTTP_HOST have defaults for tests
 */
export function spawnRuntime(env: Record<string, string>): Runtime {
  const child = spawn(process.execPath, ['node_modules/node-red/red.js', '-s', 'settings.ts'], {
    cwd: PROJECT,
    env: { PATH: process.env.PATH, HTTP_HOST: '127.0.0.1', HTTP_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log: LogLine[] = [];
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on('line', (text) => {
      log.push(parse(text));
      for (const look of waiting) look();
    });
  }
  // 'close' comes when the output has been read too.
  const exited = once(child, 'close').then(([code, signal]): Exit => ({ code, signal }));

  const runtime: Runtime = {
    url: '',
    process: child,
    log,
    exited,
    logged: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const line = log.find(({ msg }) => pattern.test(msg));
          if (!line) return;
          waiting.delete(look);
          resolve(line);
        };
        waiting.add(look);
        look();
        exited.then(() => reject(new Error(`The runtime ended without ${pattern}:\n${text(log)}`)));
      }),
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      return exited;
    },
  };
  return runtime;
}

/** Starts the runtime and waits until it answers requests and its flows run. */
export async function startRuntime(env: Record<string, string>): Promise<Runtime> {
  const runtime = spawnRuntime(env);
  const [running] = await Promise.all([
    runtime.logged(/Server now running/),
    runtime.logged(/^Started flows/),
  ]);
  runtime.url = new URL(/http:\S+/.exec(running.msg)![0]).origin;
  return runtime;
}

function parse(text: string): LogLine {
  try {
    return JSON.parse(text);
  } catch {
    return { level: 'output', msg: text };
  }
}

function text(log: readonly LogLine[]): string {
  return log.map(({ level, msg }) => `${level}: ${msg}`).join('\n');
}
