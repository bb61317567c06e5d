import assert from 'node:assert/strict';
import type { Answer } from '../../../support/http.ts';

/** Every answer from 400 up looks like this. */
export function assertProblem(answer: Answer, status: number, code: string): void {
  assert.deepEqual([answer.status, answer.body.code], [status, code]);
  assert.equal(answer.headers.get('content-type'), 'application/problem+json; charset=utf-8');
  assert.equal(answer.body.status, status);
  for (const member of ['type', 'title', 'detail'])
    assert.equal(typeof answer.body[member], 'string', member);
  assert.equal(answer.body.request_id, answer.headers.get('x-request-id'));
}
