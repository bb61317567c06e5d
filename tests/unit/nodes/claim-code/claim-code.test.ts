import assert from 'node:assert/strict';
import { ClaimCode } from '../../../../nodes/claim-code/controller.ts';
import { hashClaimCode } from '../../../../nodes/shared/claim-code.ts';

describe('claim code', () => {
  it('adds the hash and the lifetime to the parameters, and the code beside them', () => {
    const message = new ClaimCode(24).input({ payload: { id: 'truck-1' }, topic: 'kept' });
    const code = message.claim_code as string;
    assert.deepEqual(message.payload, {
      id: 'truck-1',
      claim_hash: hashClaimCode(code).toString('hex'),
      claim_lifetime_s: 86_400,
    });
    assert.equal(message.topic, 'kept');
  });

  it('takes fractions of hours', () => {
    const { payload } = new ClaimCode(0.5).input({ payload: {} });
    assert.equal((payload as { claim_lifetime_s: number }).claim_lifetime_s, 1_800);
  });

  it('refuses a code that would never be valid', () => {
    for (const hours of [0, -1, Number.NaN]) assert.throws(() => new ClaimCode(hours), /more than 0 hours/);
  });
});
