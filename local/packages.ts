/** Installs the Debian packages that are missing, where that is possible, and otherwise says which they are. */
import { spawn } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { findProgram } from './programs.ts';
import { StartError, say } from './progress.ts';

interface Requirement {
  /** For people. */
  what: string;
  /** One of these programs is enough. */
  programs: string[];
  /** Where it is not a program: all of these files. */
  files?: string[];
  /** What to install where none is there. */
  packages: string[];
  /** What the packages would start with the machine from then on, beside ours. */
  services: string[];
}

export const requirements = {
  // The core packages bring the programs and no service.
  mysql: {
    what: 'MariaDB or MySQL',
    programs: ['mysqld', 'mariadbd'],
    packages: ['mariadb-server-core', 'mariadb-client-core'],
    services: [],
  },
  redis: {
    what: 'Redis',
    programs: ['redis-server'],
    packages: ['redis-server'],
    services: ['redis-server'],
  },
  mqtt: {
    what: 'Mosquitto',
    programs: ['mosquitto'],
    packages: ['mosquitto'],
    services: ['mosquitto'],
  },
  browser: {
    what: 'Chromium (browser tests)',
    programs: ['chromium'],
    packages: ['chromium', 'fonts-dejavu-core'],
    services: [],
  },
  curl: {
    what: 'curl (tests)',
    programs: ['curl'],
    packages: ['curl'],
    services: [],
  },
  python: {
    what: 'Python with paho-mqtt (tests)',
    programs: [],
    files: ['/usr/lib/python3/dist-packages/paho/mqtt/client.py'],
    packages: ['python3', 'python3-paho-mqtt'],
    services: [],
  },
  mosquittoClients: {
    what: 'mosquitto_pub and mosquitto_sub (tests)',
    programs: ['mosquitto_pub'],
    packages: ['mosquitto-clients'],
    services: [],
  },
} as const satisfies Record<string, Requirement>;

export type RequirementName = keyof typeof requirements;

const TAIL_LINES = 20;

/**
 * @throws {StartError} naming the packages where they cannot be installed from here
 */
export async function ensureInstalled(names: readonly RequirementName[]): Promise<void> {
  const missing: Requirement[] = names
    .map((name) => requirements[name])
    .filter((requirement) => !isInstalled(requirement));
  if (missing.length === 0) return;
  const packages = missing.flatMap((requirement) => requirement.packages);
  const what = missing.map((requirement) => requirement.what).join(', ');
  const apt = findProgram('apt-get');
  if (!apt || process.getuid?.() !== 0) throw new StartError(advice(what, packages, apt !== undefined));

  say(`Missing: ${what}. Installing ${packages.join(', ')}; no service of them is started.`);
  const policy = forbidServices();
  try {
    await run(apt, ['update', '--quiet']).catch((error) =>
      say(`  ${(error as Error).message}; trying anyway`),
    );
    await run(apt, ['install', '--yes', '--no-install-recommends', ...packages]);
  } catch (error) {
    throw new StartError(`${(error as Error).message}\n\n${advice(what, packages, true)}`);
  } finally {
    policy.end();
  }
  await disable(missing.flatMap((requirement) => requirement.services));
  const still = missing.filter((requirement) => !isInstalled(requirement));
  if (still.length) {
    throw new StartError(`${still.map((r) => r.what).join(', ')}: installed, but the program is not found.`);
  }
}

function isInstalled({ programs, files }: Requirement): boolean {
  return files ? files.every((file) => existsSync(file)) : findProgram(...programs) !== undefined;
}

function advice(what: string, packages: string[], apt: boolean): string {
  return [
    `${what}: not installed.`,
    apt
      ? `Install them as root and try again:\n\n  apt-get install --no-install-recommends ${packages.join(' ')}\n`
      : `On Debian they come with the packages ${packages.join(', ')}.`,
    'Servers that run elsewhere can be named by MYSQL_URL, REDIS_URL and MQTT_URL instead. Or use Docker,',
    'which brings all of it: see "With Docker instead" in README.md (make images, make up).',
  ].join('\n');
}

/**
 * Debian starts a service when its package is installed, unless this program says no (invoke-rc.d(8)). A machine
 * that has such a program keeps its own.
 */
function forbidServices(): { end(): void } {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) return { end() {} };
  const end = () => rmSync(policy, { force: true });
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  process.once('exit', end);
  return {
    end() {
      process.off('exit', end);
      end();
    },
  };
}

/** Not at the next boot either: they would take the ports of the private servers. */
async function disable(services: string[]): Promise<void> {
  // Part of every Debian, and unlike systemctl at work where systemd does not run.
  const helper = findProgram('update-rc.d');
  for (const service of helper ? services : []) {
    await run(helper!, [service, 'disable']).catch((error) => say(`  ${(error as Error).message}`));
  }
}

/** Shows what is being done, a line a package, and the whole end of it when that fails. */
function run(command: string, args: string[]): Promise<void> {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' },
  });
  const last: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      last.push(line);
      if (last.length > TAIL_LINES) last.shift();
      if (/^(Need to get|Setting up) /.test(line)) say(`  ${line}`);
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${command} ${args[0]} failed (exit code ${code}):\n${last.join('\n')}`));
    });
  });
}
