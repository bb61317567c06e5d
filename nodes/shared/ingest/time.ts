/** The two ways in which a device may write a point in time: RFC 3339, or milliseconds since 1970. */

// RFC 3339, section 5.6. Date.parse alone takes far more ("March 7"), and local times.
const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt](?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/;

// A message is asked for its time by its contract first and by its reader next.
let lastText = '';
let lastTime: number | undefined;

/** @returns milliseconds since 1970; undefined for what is not a point in time */
export function parseTime(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? Math.trunc(value) : undefined;
  if (typeof value !== 'string') return undefined;
  if (value !== lastText) {
    const time = RFC_3339.test(value) && isDay(value) ? Date.parse(value) : Number.NaN;
    lastText = value;
    lastTime = Number.isNaN(time) ? undefined : time;
  }
  return lastTime;
}

/** Date.parse takes the 30th of February for the 2nd of March. */
function isDay(text: string): boolean {
  const day = Number(text.slice(8, 10));
  return (
    day <= 28 || day <= new Date(Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5, 7)), 0)).getUTCDate()
  );
}
