/** A private MariaDB, or MySQL where that is what is installed: both answer to `mysqld`. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import { PRIVATE_FILE, writeFileAtomically } from '../runtime/files.ts';
import { logFile } from './log-file.ts';
import { requireProgram } from './programs.ts';
import { Service } from './service.ts';

const run = promisify(execFile);

export interface MysqlOptions {
  dataDir: string;
  port: number;
  ownerPassword: string;
  flowsPassword: string;
}

export interface MysqlServer {
  service: Service;
  /** The account that migrates: all rights on the database `cauce`. */
  url: string;
  /** The account that flows use: reads and writes rows, changes no table. */
  flowsUrl: string;
}

export async function mysqlServer(options: MysqlOptions): Promise<MysqlServer> {
  const { dataDir, port, ownerPassword, flowsPassword } = options;
  const directory = join(dataDir, 'mysql');
  const log = logFile(dataDir, 'mysql');
  await initialise(directory);
  const accounts = join(dataDir, 'mysql-accounts.sql');
  writeFileAtomically(accounts, accountsSql(ownerPassword, flowsPassword), PRIVATE_FILE);

  const connection = { host: '127.0.0.1', port, user: 'cauce', password: ownerPassword, database: 'cauce' };
  const service = new Service({
    name: 'MySQL',
    command: requireProgram('mysqld', 'mariadbd'),
    args: [
      '--no-defaults',
      ...asUser(),
      `--datadir=${directory}`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      '--skip-name-resolve',
      // relative to the data directory: a path of more than 107 bytes is no socket address
      '--socket=mysqld.sock',
      '--pid-file=mysqld.pid',
      `--init-file=${accounts}`,
      '--character-set-server=utf8mb4',
      '--collation-server=utf8mb4_unicode_ci',
      '--default-time-zone=+00:00',
      // a commit is on disk when it is answered; without replicas the binary log only doubles the writes
      '--innodb-flush-log-at-trx-commit=1',
      '--skip-log-bin',
      '--innodb-buffer-pool-size=128M',
      '--performance-schema=OFF',
      '--max-connections=200',
      ...((await isMariaDb()) ? [] : ['--mysqlx=OFF']),
    ],
    logFile: log,
    async probe() {
      const client = await createConnection({ ...connection, connectTimeout: 1_000 });
      await client.end();
    },
    // InnoDB may have to replay its log after a crash.
    readyTimeout: 120_000,
    stopTimeout: 30_000,
  });
  return {
    service,
    url: `mysql://cauce:${ownerPassword}@127.0.0.1:${port}/cauce`,
    flowsUrl: `mysql://cauce_flows:${flowsPassword}@127.0.0.1:${port}/cauce`,
  };
}

/** Makes the system tables, aside first: a directory of that name is a complete one. */
async function initialise(directory: string): Promise<void> {
  if (existsSync(directory)) return;
  const draft = `${directory}.new`;
  rmSync(draft, { recursive: true, force: true });
  if (await isMariaDb()) {
    await run(requireProgram('mariadb-install-db'), [
      '--no-defaults',
      // no --user: setting up is allowed to root, and that option breaks on a path with a space
      `--datadir=${draft}`,
      '--auth-root-authentication-method=socket',
      '--skip-test-db',
    ]);
  } else {
    mkdirSync(draft, { mode: 0o700 });
    await run(requireProgram('mysqld', 'mariadbd'), [
      '--no-defaults',
      ...asUser(),
      `--datadir=${draft}`,
      '--initialize',
    ]);
  }
  renameSync(draft, directory);
}

let mariaDb: Promise<boolean> | undefined;
function isMariaDb(): Promise<boolean> {
  mariaDb ??= run(requireProgram('mysqld', 'mariadbd'), ['--version']).then(({ stdout }) =>
    stdout.includes('MariaDB'),
  );
  return mariaDb;
}

/** The server refuses to run as root unless told so; its port is on the loopback interface only. */
function asUser(): string[] {
  return process.getuid?.() === 0 ? ['--user=root'] : [];
}

/** Run by the server before it listens, at each start. A statement a line: that is what it can read. */
export function accountsSql(ownerPassword: string, flowsPassword: string): string {
  const owner = `'cauce'@'127.0.0.1'`;
  const flows = `'cauce_flows'@'127.0.0.1'`;
  return `${[
    'CREATE DATABASE IF NOT EXISTS cauce CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;',
    `CREATE USER IF NOT EXISTS ${owner} IDENTIFIED BY '${ownerPassword}';`,
    `ALTER USER ${owner} IDENTIFIED BY '${ownerPassword}';`,
    `GRANT ALL ON cauce.* TO ${owner};`,
    `CREATE USER IF NOT EXISTS ${flows} IDENTIFIED BY '${flowsPassword}';`,
    `ALTER USER ${flows} IDENTIFIED BY '${flowsPassword}';`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON cauce.* TO ${flows};`,
  ].join('\n')}\n`;
}
