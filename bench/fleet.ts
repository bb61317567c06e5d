/** What simulated vehicles send in the benchmarks. */
import type { Pool } from 'mysql2/promise';

export const VEHICLES = 100;

export const vehicleId = (index: number): string => `bench-${index % VEHICLES}`;

/** One sample of a fleet that takes turns; within a `boot`, each vehicle counts from 1. */
export function sample(index: number, boot: string): string {
  return JSON.stringify({
    ts: new Date().toISOString(),
    boot,
    seq: Math.floor(index / VEHICLES) + 1,
    lat: 4.6 + (index % 1_000) / 10_000,
    lon: -74.08 - (index % 777) / 10_000,
    speed_mps: (index % 300) / 10,
    heading_deg: index % 360,
    battery_pct: 100 - (index % 100),
  });
}

/** Registers the fleet in the database; the load is published with the runtime's own account. */
export async function registerFleet(pool: Pool): Promise<void> {
  const rows = Array.from({ length: VEHICLES }, (_, index) => [vehicleId(index), 'registered']);
  await pool.query(
    'INSERT INTO vehicles (id, state) VALUES ? ON DUPLICATE KEY UPDATE state = VALUES(state)',
    [rows],
  );
}
