/**
 * The peer that does the least: mqtt.js and mysql2, parse and insert in batches. No validation, no
 * authentication, no deduplication, and the broker is acknowledged before anything is stored.
 *
 *     node bench/peers/bare.ts <mqtt url> <mysql url> <topic filter> <table>
 */
import mqtt from 'mqtt';
import { createPool } from 'mysql2/promise';

const [mqttUrl, mysqlUrl, filter, table] = process.argv.slice(2) as [string, string, string, string];
const pool = createPool({ uri: mysqlUrl, timezone: 'Z' });
const MAX_ROWS = 2_000;
let waiting: unknown[][] = [];
let busy = false;

async function flush(): Promise<void> {
  if (busy) return;
  busy = true;
  while (waiting.length > 0) {
    const rows = waiting.slice(0, MAX_ROWS);
    waiting = waiting.slice(MAX_ROWS);
    await pool.query(
      `INSERT INTO ${table} (vehicle, ts, boot, seq, lat, lon, speed_mps, heading_deg, battery_pct) VALUES ?`,
      [rows],
    );
  }
  busy = false;
}

const client = mqtt.connect(mqttUrl, { protocolVersion: 5, clientId: 'bench-bare', clean: false });
client.on('message', (topic, payload) => {
  const value = JSON.parse(payload.toString());
  const { boot, seq, lat, lon, speed_mps, heading_deg, battery_pct } = value;
  const ts = value.ts.replace('T', ' ').replace('Z', '');
  waiting.push([topic.split('/')[1], ts, boot, seq, lat, lon, speed_mps, heading_deg, battery_pct]);
  setImmediate(flush);
});
await client.subscribeAsync(filter, { qos: 1 });
console.log('ready');
