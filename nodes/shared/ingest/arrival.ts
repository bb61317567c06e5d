/** Numbers that order what arrives, and tell when: microseconds since 1970, never the same one twice. */
let last = 0;

/** @param receivedAt milliseconds since 1970 */
export function nextArrival(receivedAt: number): number {
  last = Math.max(last + 1, receivedAt * 1000);
  return last;
}
