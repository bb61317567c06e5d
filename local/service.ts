/**
 * A program that runs beside us: started, waited for until it really answers, stopped, and noticed when it
 * ends by itself. It leads a session of its own, so that Ctrl-C in the terminal reaches the supervisor
 * alone, which then stops things in order.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { tail } from './log-file.ts';
import { StartError } from './progress.ts';

export interface ServiceOptions {
  /** For people: 'MySQL'. */
  name: string;
  command: string;
  args: string[];
  /** Default: our own. */
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** What the program writes to its standard streams is appended here. */
  logFile: string;
  /** Rejects while the program does not serve yet; asked again until it resolves. */
  probe(): Promise<void>;
  /** Milliseconds. */
  readyTimeout?: number;
  /** Milliseconds from SIGTERM to SIGKILL. */
  stopTimeout?: number;
}

const PROBE_INTERVAL = 30;
const READY_TIMEOUT = 60_000;
const STOP_TIMEOUT = 15_000;

interface ServiceEvents {
  /** It ended without having been told to. */
  died: [how: string];
}

export class Service extends EventEmitter<ServiceEvents> {
  readonly name: string;
  readonly logFile: string;
  readonly #options: ServiceOptions;
  #child: ChildProcess | undefined;
  #ended: Promise<unknown> = Promise.resolve();
  #expected = false;

  constructor(options: ServiceOptions) {
    super();
    this.#options = options;
    this.name = options.name;
    this.logFile = options.logFile;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  /**
   * Starts the program and waits until its probe succeeds.
   * @throws {StartError} with the end of the program's log when it ends early or does not get ready in time
   */
  async start(): Promise<void> {
    if (this.#child) throw new Error(`${this.name} is running already.`);
    const { command, args, env, cwd, logFile } = this.#options;
    this.#expected = false;
    const log = openSync(logFile, 'a', 0o600);
    const child = spawn(command, args, {
      stdio: ['ignore', log, log],
      detached: true,
      ...(env && { env }),
      ...(cwd && { cwd }),
    });
    closeSync(log);
    this.#child = child;
    let end = '';
    this.#ended = new Promise<void>((resolve) => {
      const ended = (how: string) => {
        if (this.#child !== child) return;
        this.#child = undefined;
        end = how;
        running.delete(this);
        resolve();
        if (!this.#expected) this.emit('died', how);
      };
      child.once('error', (error) => ended(error.message));
      child.once('exit', (code, signal) => ended(signal ? `signal ${signal}` : `exit code ${code}`));
    });
    running.add(this);
    await this.#untilReady(() => end);
  }

  /** Asks the program to end, insists after `stopTimeout`, and resolves when it has ended. */
  async stop(): Promise<void> {
    this.#expected = true;
    const child = this.#child;
    if (!child) return;
    child.kill('SIGTERM');
    const insist = setTimeout(() => child.kill('SIGKILL'), this.#options.stopTimeout ?? STOP_TIMEOUT);
    await this.#ended;
    clearTimeout(insist);
  }

  /** Ends it the hard way, as a crash would: to those who watch, it died. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.#child?.kill(signal);
    await this.#ended;
  }

  /** Sends a signal and does not wait: 'SIGSTOP' and 'SIGCONT' make a server hang and go on. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  async #untilReady(end: () => string): Promise<void> {
    const timeout = this.#options.readyTimeout ?? READY_TIMEOUT;
    const deadline = Date.now() + timeout;
    for (;;) {
      try {
        await this.#options.probe();
        if (this.#child) return;
      } catch (error) {
        if (Date.now() > deadline) {
          this.#expected = true;
          this.#child?.kill('SIGKILL');
          throw this.#failure(`is not ready after ${timeout / 1000} s (${(error as Error).message})`);
        }
      }
      if (!this.#child) throw this.#failure(`did not start: ${end()}`);
      await Promise.race([this.#ended, delay(PROBE_INTERVAL)]);
    }
  }

  #failure(what: string): StartError {
    return new StartError(`${this.name} ${what}. The end of ${this.logFile}:\n${tail(this.logFile)}`);
  }
}

const running = new Set<Service>();

/** What this process has started and not yet seen end. */
export function runningServices(): Service[] {
  return [...running];
}

// Whatever ends this process, short of kill -9, takes along what it started.
process.on('exit', () => {
  for (const service of running) service.signal('SIGKILL');
});
