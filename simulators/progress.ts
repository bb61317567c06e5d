/** One line that says how the fleet is doing: rewritten in a terminal, repeated now and then in a log. */
import type { WriteStream } from 'node:tty';
import type { FleetCounters } from './fleet.ts';

const TERMINAL_EVERY_MS = 500;
const LOG_EVERY_MS = 5_000;
/** A single pause between two lines is no news. */
const RATE_OVER_MS = 5_000;

/** @param rate acknowledged samples a second */
export function progressLine(seconds: number, counters: FleetCounters, rate: number): string {
  const { vehicles, connected, sent, acked, unacked, dropped, errors, lastError } = counters;
  const clock = `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;
  const parts = [
    `${connected}/${vehicles} connected`,
    `${sent} sent`,
    `${acked} acked`,
    `${unacked} un-acked`,
    `${rate.toFixed(1)}/s`,
    `${errors} errors${lastError && ` (last: ${lastError})`}`,
  ];
  if (dropped > 0) parts.splice(4, 0, `${dropped} not recorded: buffer full`);
  return `${clock}  ${parts.join(' · ')}`;
}

/**
 * Shows the line until the returned function is called, which shows it a last time.
 * @param counters asked for at each line
 */
export function showProgress(counters: () => FleetCounters, out: WriteStream = process.stdout): () => void {
  const started = performance.now();
  const past: { at: number; acked: number }[] = [{ at: started, acked: 0 }];
  const show = () => {
    const at = performance.now();
    const now = counters();
    past.push({ at, acked: now.acked });
    while (past.length > 2 && at - past[1]!.at >= RATE_OVER_MS) past.shift();
    const rate = ((now.acked - past[0]!.acked) * 1_000) / (at - past[0]!.at);
    const line = progressLine((at - started) / 1_000, now, rate);
    out.write(out.isTTY ? `\r\x1b[2K${line.slice(0, out.columns - 1)}` : `${line}\n`);
  };
  const timer = setInterval(show, out.isTTY ? TERMINAL_EVERY_MS : LOG_EVERY_MS);
  return () => {
    clearInterval(timer);
    show();
    if (out.isTTY) out.write('\n');
  };
}
