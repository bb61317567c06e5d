import assert from 'node:assert/strict';
import { STATUS_CODES } from 'node:http';
import { catalogue, type ProblemCode } from '../../../../nodes/shared/catalogue.ts';
import { Problem } from '../../../../nodes/shared/problem.ts';

const entries = Object.entries(catalogue);

describe('the catalogue of problems', () => {
  it('names each problem in snake_case, because clients branch on it', () => {
    for (const [code] of entries) assert.match(code, /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/);
  });

  it('gives each an HTTP status for errors, a title and a sentence', () => {
    for (const [code, { status, title, detail }] of entries) {
      assert.ok(status >= 400 && STATUS_CODES[status], code);
      assert.ok(title && !title.endsWith('.'), code);
      assert.match(detail, /\.$/, code);
    }
  });

  it('tells with every 429 and 503 when to try again', () => {
    for (const [code, entry] of entries) {
      if (entry.status === 429 || entry.status === 503) {
        assert.ok((new Problem(code as ProblemCode).retryAfter ?? 0) > 0, code);
      }
    }
  });
});
