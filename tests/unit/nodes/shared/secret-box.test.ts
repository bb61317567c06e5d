import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { open, seal } from '../../../../nodes/shared/secret-box.ts';

const key = randomBytes(32);

describe('a secret box', () => {
  it('opens to what was sealed', () => {
    assert.equal(open(key, seal(key, 'gehëim', 'here'), 'here').toString(), 'gehëim');
    assert.equal(open(key, seal(key, '', 'here'), 'here').length, 0);
  });

  it('looks different each time, so that equal secrets do not show', () => {
    assert.notDeepEqual(seal(key, 'same', 'here'), seal(key, 'same', 'here'));
  });

  it('does not open elsewhere: a row moved to another id is refused', () => {
    assert.throws(() => open(key, seal(key, 'secret', 'row 1'), 'row 2'));
  });

  it('does not open with another key', () => {
    assert.throws(() => open(randomBytes(32), seal(key, 'secret', 'here'), 'here'));
  });

  it('does not open when any of its bytes was changed', () => {
    const box = seal(key, 'secret', 'here');
    for (let index = 0; index < box.length; index++) {
      const forged = Buffer.from(box);
      forged[index] = forged[index]! ^ 1;
      assert.throws(() => open(key, forged, 'here'), `byte ${index}`);
    }
  });

  it('does not open when it was cut short', () => {
    const box = seal(key, 'secret', 'here');
    for (const length of [0, 1, 28, box.length - 1]) {
      assert.throws(() => open(key, box.subarray(0, length), 'here'), `${length} bytes`);
    }
  });
});
