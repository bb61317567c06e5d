import assert from 'node:assert/strict';
import { Drive, type Measurement } from '../../../simulators/drive.ts';

const HOME = { lat: 6.2525, lon: -75.5686 };
const METRES_PER_DEGREE = 111_320;

interface Moment extends Measurement {
  state: string;
}

function hours(count: number, seed = 7): Moment[] {
  const drive = new Drive(seed, HOME);
  return Array.from({ length: count * 3_600 }, () => ({ ...drive.step(1), state: drive.state }));
}

function metresBetween(a: Measurement, b: Measurement): number {
  const north = (b.lat - a.lat) * METRES_PER_DEGREE;
  const east = (b.lon - a.lon) * METRES_PER_DEGREE * Math.cos((HOME.lat * Math.PI) / 180);
  return Math.hypot(north, east);
}

describe('simulators: drive', () => {
  it('drives the same way for the same seed, and another for another', () => {
    assert.deepEqual(hours(1).at(-1), hours(1).at(-1));
    assert.notDeepEqual(hours(1, 7).at(-1), hours(1, 8).at(-1));
  });

  it('moves as far as its speed says, and never faster than a car in town', () => {
    const way = hours(2);
    for (const [index, now] of way.entries()) {
      if (index === 0) continue;
      assert.ok(now.speed_mps >= 0 && now.speed_mps <= 13);
      assert.ok(metresBetween(way[index - 1]!, now) <= 14.1);
    }
    assert.ok(way.some(({ speed_mps }) => speed_mps > 10));
  });

  it('stays in its town', () => {
    const home = { ...HOME, speed_mps: 0, heading_deg: 0, battery_pct: 0 };
    for (const moment of hours(3)) assert.ok(metresBetween(home, moment) < 4_100);
  });

  it('empties its battery by driving, charges at home and sets out again', () => {
    const states = hours(8);
    assert.ok(states.every(({ battery_pct }) => battery_pct > 5 && battery_pct <= 100));
    const charging = states.findIndex(({ state }) => state === 'charging');
    const after = states.slice(charging).findIndex(({ state }) => state === 'busy');
    assert.ok(charging > 0 && after > 0);
    assert.ok(states[charging]!.battery_pct < 20);
    assert.ok(states[charging + after]!.battery_pct >= 95);
    assert.ok(states.some(({ state }) => state === 'idle'));
  });

  it('says headings as compass degrees', () => {
    for (const { heading_deg } of hours(1)) assert.ok(heading_deg >= 0 && heading_deg <= 360);
  });
});
