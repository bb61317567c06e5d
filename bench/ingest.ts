/**
 * Ingest: rows stored a second against the peers, delay of a lone message, memory while MySQL is away.
 * Everything runs on this machine at once, publisher and servers included; rounds are interleaved.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import mqtt from 'mqtt';
import { createPool, type Pool, type RowDataPacket } from 'mysql2/promise';
import { type Servers, startServers } from '../local/servers.ts';
import { type Contender, startBare, startCauce, startStock } from './contenders.ts';
import { registerFleet, sample, vehicleId } from './fleet.ts';
import { publishLoad } from './load.ts';
import { median, type Result } from './report.ts';

export interface IngestOptions {
  /** A round and contender. */
  messages: number;
  rounds: number;
  /** Lone messages. */
  lone: number;
  /** Seconds without MySQL, at so many messages a second. */
  outageSeconds: number;
  outageRate: number;
}

const PEER_TABLE = `(
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, vehicle VARCHAR(64) NOT NULL, ts DATETIME(3) NOT NULL,
  boot VARCHAR(64) NOT NULL, seq BIGINT UNSIGNED NOT NULL, lat DOUBLE, lon DOUBLE, speed_mps DOUBLE,
  heading_deg DOUBLE, battery_pct DOUBLE, KEY (vehicle, ts)) ENGINE = InnoDB`;
const MEBIBYTE = 1_048_576;
const POLL_MIN_MS = 10;
const POLL_MAX_MS = 500;

export async function benchIngest(options: IngestOptions): Promise<Result[]> {
  const dataDir = mkdtempSync(join(tmpdir(), 'cauce-bench-'));
  const servers = await startServers({ dataDir });
  const pool = createPool({ uri: servers.mysqlUrl, timezone: 'Z' });
  const running: Contender[] = [];
  try {
    for (const table of ['bench_stock', 'bench_bare'])
      await pool.query(`CREATE TABLE ${table} ${PEER_TABLE}`);
    const cauce = await startCauce(servers, dataDir);
    running.push(cauce, await startStock(servers, dataDir), await startBare(servers));
    await registerFleet(pool);
    const results = [
      ...(await throughput(options, servers, pool, running)),
      await idleDelay(options, servers),
    ];
    // A fresh process: one that has been under load has memory in reserve, which would hide growth.
    await cauce.stop();
    running[0] = await startCauce(servers, dataDir);
    return [...results, await outageMemory(options, servers, pool, running[0])];
  } finally {
    await Promise.all(running.map((contender) => contender.stop()));
    await pool.end();
    await servers.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function throughput(
  { messages, rounds }: IngestOptions,
  servers: Servers,
  pool: Pool,
  contenders: Contender[],
): Promise<Result[]> {
  const rates = new Map<Contender, number[]>(contenders.map((contender) => [contender, []]));
  // The first round warms up: the compiler, the buffer pool, the connections.
  for (let round = 0; round <= rounds; round++) {
    for (const contender of contenders) {
      const rate = await storedPerSecond(servers, pool, contender, messages, `round-${round}`);
      if (round > 0) rates.get(contender)!.push(rate);
    }
  }
  const [cauce, stock, bare] = contenders.map((contender) => median(rates.get(contender)!)) as [
    number,
    number,
    number,
  ];
  const lines = contenders.map((contender) => ({
    what: `${contender.name}: rows stored a second`,
    value: median(rates.get(contender)!).toFixed(0),
  }));
  return [
    ...lines,
    {
      what: 'Cauce / stock',
      value: (cauce / stock).toFixed(2),
      bound: '>= 2.5',
      holds: cauce / stock >= 2.5,
    },
    { what: 'Cauce / bare', value: (cauce / bare).toFixed(2), bound: '>= 0.7', holds: cauce / bare >= 0.7 },
  ];
}

/** From the first publish until the last row is there. */
async function storedPerSecond(
  servers: Servers,
  pool: Pool,
  { prefix, table, name }: Contender,
  count: number,
  boot: string,
): Promise<number> {
  await pool.query(`TRUNCATE TABLE ${table}`);
  const begin = performance.now();
  const published = publishLoad({
    url: servers.mqttUrl,
    count,
    message: (index) => ({ topic: `${prefix}/${vehicleId(index)}/telemetry`, payload: sample(index, boot) }),
  });
  await untilStored(pool, table, count);
  const seconds = (performance.now() - begin) / 1000;
  await published;
  console.log(`  ${name}: ${(count / seconds).toFixed(0)} rows/s`);
  return count / seconds;
}

/** From publishing a message on an idle system to the device's ack, which leaves after the commit. */
async function idleDelay({ lone }: IngestOptions, servers: Servers): Promise<Result> {
  const client = await mqtt.connectAsync(servers.mqttUrl, { protocolVersion: 5 });
  await client.subscribeAsync(`vehicles/${vehicleId(0)}/acks`, { qos: 1 });
  const delays: number[] = [];
  for (let index = 0; index < lone; index++) {
    await delay(20 + Math.random() * 20);
    const acknowledged = new Promise((resolve) => client.once('message', resolve));
    const begin = performance.now();
    client.publish(`vehicles/${vehicleId(0)}/telemetry`, sample(index * 100, 'lone'), { qos: 1 });
    await acknowledged;
    delays.push(performance.now() - begin);
  }
  await client.endAsync(true);
  const value = median(delays);
  return {
    what: 'Lone message, publish to ack (median, ms)',
    value: value.toFixed(1),
    bound: '< 20',
    holds: value < 20,
  };
}

/** What the runtime's memory grows by while MySQL is stopped and messages go on; and that none is lost. */
async function outageMemory(
  { outageSeconds, outageRate }: IngestOptions,
  servers: Servers,
  pool: Pool,
  cauce: Contender,
): Promise<Result> {
  const count = outageSeconds * outageRate;
  await pool.query('TRUNCATE TABLE telemetry');
  const before = residentBytes(cauce.process.pid!);
  await servers.mysql!.stop();
  const published = publishLoad({
    url: servers.mqttUrl,
    count,
    rate: outageRate,
    message: (index) => ({
      topic: `vehicles/${vehicleId(index)}/telemetry`,
      payload: sample(index, 'outage'),
    }),
  });
  let peak = before;
  const end = performance.now() + outageSeconds * 1000;
  while (performance.now() < end) {
    peak = Math.max(peak, residentBytes(cauce.process.pid!));
    await delay(500);
  }
  await servers.mysql!.start();
  await published;
  while ((await countRows(pool, 'telemetry')) < count) {
    peak = Math.max(peak, residentBytes(cauce.process.pid!));
    await delay(500);
  }
  const grown = (peak - before) / MEBIBYTE;
  return {
    what: `MySQL away for ${outageSeconds} s at ${outageRate}/s: memory grows by (MiB)`,
    value: grown.toFixed(1),
    bound: '<= 64',
    holds: grown <= 64,
  };
}

function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024;
}

/** Counting costs the server time: it is asked seldom at first, and often when the end is near. */
async function untilStored(pool: Pool, table: string, count: number): Promise<void> {
  const begin = performance.now();
  for (;;) {
    const stored = await countRows(pool, table);
    if (stored >= count) return;
    const remaining = stored > 0 ? ((performance.now() - begin) / stored) * (count - stored) : POLL_MAX_MS;
    await delay(Math.min(POLL_MAX_MS, Math.max(POLL_MIN_MS, remaining / 2)));
  }
}

async function countRows(pool: Pool, table: string): Promise<number> {
  const [rows] = await pool.query<RowDataPacket[]>(`SELECT COUNT(*) AS n FROM ${table}`);
  return rows[0]!.n;
}
