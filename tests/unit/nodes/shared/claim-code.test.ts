import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createClaimCode, hashClaimCode } from '../../../../nodes/shared/claim-code.ts';

describe('claim codes', () => {
  it('have 140 bits in groups that a person can read out', () => {
    const code = createClaimCode();
    assert.match(code, /^([0-9A-HJKMNP-TV-Z]{4}-){6}[0-9A-HJKMNP-TV-Z]{4}$/);
    assert.ok(code.replaceAll('-', '').length * 5 >= 128);
  });

  it('are never the same twice', () => {
    const codes = new Set(Array.from({ length: 10_000 }, createClaimCode));
    assert.equal(codes.size, 10_000);
  });

  it('use every letter of the alphabet equally often', () => {
    const counts = new Map<string, number>();
    for (let i = 0; i < 3_000; i++) {
      for (const letter of createClaimCode().replaceAll('-', '')) {
        counts.set(letter, (counts.get(letter) ?? 0) + 1);
      }
    }
    assert.equal(counts.size, 32);
    // 84,000 letters: 2,625 each, standard deviation 50.
    for (const [letter, count] of counts) assert.ok(Math.abs(count - 2_625) < 350, `${letter}: ${count}`);
  });

  it('are hashed as they were meant, however they were typed', () => {
    const hash = hashClaimCode('0123-4567-89AB-CDEF-GHJK-MNPQ-RSTV');
    assert.deepEqual(hashClaimCode('0123 4567 89ab cdef ghjk mnpq rstv'), hash);
    assert.deepEqual(hashClaimCode('OI23456789ABCDEFGHJKMNPQRSTV'), hash);
    assert.deepEqual(hash, createHash('sha256').update('0123456789ABCDEFGHJKMNPQRSTV').digest());
    assert.notDeepEqual(hashClaimCode('0123-4567-89AB-CDEF-GHJK-MNPQ-RSTW'), hash);
  });
});
