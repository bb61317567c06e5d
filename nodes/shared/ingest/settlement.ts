/**
 * Who still works on a batch. The node that emitted it waits here for the node that stores it; a message
 * carries only the token, because flows may clone, delay or drop messages.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

interface Entry {
  settled: () => void;
  /** Nodes that have the batch in their hands right now. */
  holders: number;
  /** Monotonic time (ms) since which nobody holds it. */
  idleSince: number;
}

const entries = new Map<string, Entry>();

/** Registers a batch. `settled` is called once, when the batch is stored. */
export function openBatch(settled: () => void): string {
  const token = randomUUID();
  entries.set(token, { settled, holders: 0, idleSince: performance.now() });
  return token;
}

/** The batch is committed: its messages may be acknowledged. Settling it again does nothing. */
export function settleBatch(token: string): void {
  const entry = entries.get(token);
  entries.delete(token);
  entry?.settled();
}

/** Forgets a batch whose messages can no longer be acknowledged; settling it does nothing then. */
export function dropBatch(token: string): void {
  entries.delete(token);
}

/** Runs `work` while its node counts as holding the batch, so that nobody takes the batch for lost. */
export async function holding<T>(token: string, work: () => Promise<T>): Promise<T> {
  const entry = entries.get(token);
  if (entry) entry.holders++;
  try {
    return await work();
  } finally {
    if (entry) {
      entry.holders--;
      entry.idleSince = performance.now();
    }
  }
}

/** How long nobody has held the batch, milliseconds; 0 while somebody does; undefined once it is settled. */
export function idleTime(token: string): number | undefined {
  const entry = entries.get(token);
  if (!entry) return undefined;
  return entry.holders > 0 ? 0 : performance.now() - entry.idleSince;
}

/** Time that a message may spend between two nodes before its batch counts as lost. */
const HANDOVER_MS = 100;
const POLL_MS = 10;

/**
 * Waits until the batch is settled, or nobody has it any more, or `timeout` (ms) is over.
 * For closing: a message that is on a wire when its flow stops is dropped by Node-RED.
 */
export async function batchFinished(token: string, timeout: number): Promise<void> {
  const end = performance.now() + timeout;
  for (;;) {
    const idle = idleTime(token);
    if (idle === undefined || idle > HANDOVER_MS || performance.now() > end) return;
    await delay(POLL_MS);
  }
}
