/**
 * One mocha run in a process of its own, started by tests/run.ts: `node mocha-process.ts <timeout> <file>…`.
 * It tells its parent how many tests passed and failed; a skipped or an only test is a failure.
 */
import Mocha from 'mocha';

const [timeout, ...files] = process.argv.slice(2);
const mocha = new Mocha({
  timeout: Number(timeout),
  slow: Number(timeout) / 4,
  reporter: 'spec',
  forbidOnly: true,
  forbidPending: true,
});
for (const file of files) mocha.addFile(file);
await mocha.loadFilesAsync();
const runner = mocha.run(() => {
  const { passes = 0, failures = 0 } = runner.stats ?? {};
  const report = { passed: passes, failed: failures };
  // What a test left open must not keep the run alive, nor may it cut the report short.
  if (process.send) process.send(report, () => process.exit(failures ? 1 : 0));
  else process.exit(failures ? 1 : 0);
});
