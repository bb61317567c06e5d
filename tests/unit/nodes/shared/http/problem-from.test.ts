import assert from 'node:assert/strict';
import { problemFrom } from '../../../../../nodes/shared/http/problem-from.ts';
import { Problem } from '../../../../../nodes/shared/problem.ts';

const driver = (code: string) => ({
  message: `Error: SELECT secret FROM t (${code})`,
  code,
  source: { type: 'mysql' },
});

describe('a problem', () => {
  it('is the one that was thrown, with everything it carries', () => {
    const thrown = new Problem('conflict', 'Not now.', { extensions: { reason: 'dns' }, retryAfter: 7 });
    assert.equal(problemFrom(thrown), thrown);
    assert.equal(problemFrom({ message: 'Problem: Not now.', code: 'conflict', cause: thrown }), thrown);
  });

  it('is made of its code when only that survived', () => {
    const problem = problemFrom({ message: 'Error: Try the other one.', code: 'conflict' });
    assert.deepEqual(
      [problem.code, problem.status, problem.message],
      ['conflict', 409, 'Try the other one.'],
    );
  });

  const known = {
    ER_DUP_ENTRY: 'already_exists',
    ER_ROW_IS_REFERENCED_2: 'in_use',
    ER_NO_REFERENCED_ROW_2: 'unknown_reference',
    ECONNREFUSED: 'unavailable',
    PROTOCOL_CONNECTION_LOST: 'unavailable',
    ER_LOCK_WAIT_TIMEOUT: 'unavailable',
  };
  for (const [code, expected] of Object.entries(known)) {
    it(`is ${expected} for the driver's ${code}, without a word of SQL`, () => {
      const problem = problemFrom(driver(code));
      assert.equal(problem.code, expected);
      assert.doesNotMatch(problem.message, /SELECT|secret/);
    });
  }

  it('is unavailable for errors that carry no code but say what is missing', () => {
    for (const message of [
      'Error: Database not connected',
      "Can't add new command when connection is in closed state",
      'Pool is closed.',
    ]) {
      assert.equal(problemFrom({ message }).code, 'unavailable', message);
    }
  });

  it('is our fault for anything else, and tells nothing', () => {
    for (const error of [
      new TypeError('x is undefined'),
      driver('ER_PARSE_ERROR'),
      'text',
      null,
      undefined,
      { code: 'toString' },
    ]) {
      const problem = problemFrom(error);
      assert.equal(problem.code, 'internal');
      assert.equal(problem.message, new Problem('internal').message);
    }
  });
});
