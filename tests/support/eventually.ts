/** For what happens on its own: asks until the answer is neither an error nor nothing. */
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 25;

/** @throws what the last attempt threw, or an Error, after `timeout` ms */
export async function eventually<T>(ask: () => Promise<T>, timeout = 10_000): Promise<NonNullable<T>> {
  const end = performance.now() + timeout;
  for (;;) {
    let failure: unknown = new Error(`It did not happen within ${timeout} ms.`);
    try {
      const answer = await ask();
      if (answer) return answer;
    } catch (error) {
      failure = error;
    }
    if (performance.now() > end) throw failure;
    await delay(POLL_MS);
  }
}
