import assert from 'node:assert/strict';
import { MAX_DEPTH, parseJson } from '../../../../../nodes/shared/http/json.ts';
import { Problem } from '../../../../../nodes/shared/problem.ts';

const refusal = (bytes: Uint8Array | string): Problem => {
  try {
    parseJson(Buffer.from(bytes as string));
  } catch (error) {
    assert.ok(error instanceof Problem);
    return error;
  }
  return assert.fail('It was taken.');
};

describe('a JSON body', () => {
  it('may be any value', () => {
    for (const value of [null, 1, 'é😀', [], { a: [{ b: null }] }]) {
      assert.deepEqual(parseJson(Buffer.from(JSON.stringify(value))), value);
    }
  });

  const notJson = {
    'is empty': '',
    'is cut short': '{"a":1',
    'has a comma too many': '[1,]',
    'is two values': '{}{}',
    'is not a number of JSON': '[NaN]',
    'begins with a byte order mark': '\ufeff{}',
  };
  for (const [how, text] of Object.entries(notJson)) {
    it(`is refused when it ${how}`, () => assert.equal(refusal(text).code, 'invalid_json'));
  }

  it('is refused when it is not UTF-8', () => {
    assert.equal(refusal(Buffer.from([0x22, 0xff, 0x22])).code, 'invalid_json');
  });

  it('is refused when it is nested deeper than the limit, however deep', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    assert.doesNotThrow(() => parseJson(Buffer.from(nested(MAX_DEPTH))));
    for (const depth of [MAX_DEPTH + 1, 500_000]) assert.equal(refusal(nested(depth)).code, 'invalid_json');
  });

  it('is refused when it names a prototype, also in an escape and deep inside', () => {
    assert.deepEqual(refusal('{"a":[{"__pr\\u006fto__":{}}]}').errors, [
      { pointer: '/a/0/__proto__', detail: 'is not a known property' },
    ]);
  });

  it('is refused when a text holds half a character, which a database would replace', () => {
    assert.deepEqual(refusal('{"a/b":"\\ud800"}').errors?.[0]?.pointer, '/a~1b');
  });

  it('is never quoted in what the client is told', () => {
    assert.doesNotMatch(refusal('{"password": hunter2}').message, /hunter2/);
  });
});
