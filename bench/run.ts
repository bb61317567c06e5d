/**
 * `npm run bench`: measures, prints a table, and fails when something that must hold does not.
 * `npm run bench -- --quick` takes about a minute and is good for comparisons only.
 */
import { parseArgs } from 'node:util';
import { benchIngest } from './ingest.ts';
import { table } from './report.ts';

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const full = { messages: 100_000, rounds: 5, lone: 200, outageSeconds: 120, outageRate: 2_000 };
const quick = { messages: 30_000, rounds: 3, lone: 50, outageSeconds: 10, outageRate: 2_000 };

const results = await benchIngest(values.quick ? quick : full);
console.log(`\n${table(results)}`);
process.exitCode = results.some(({ holds }) => holds === false) ? 1 : 0;
