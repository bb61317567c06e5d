/** What `make run` tells the person in front of it, a line a step. */

/** A sentence that the person can act on; shown without a stack. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

export function say(line: string): void {
  console.log(line);
}

/** Milliseconds as a person reads them: '0.3 s', '12 s'. */
export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(milliseconds < 9_950 ? 1 : 0)} s`;
}
