import assert from 'node:assert/strict';
import { etagOf, ifMatchVersion, noneMatchHits } from '../../../../../nodes/shared/http/etag.ts';

describe('an entity tag', () => {
  it('changes with the version and with the content', () => {
    assert.equal(etagOf(3, '{}'), etagOf(3, '{}'));
    assert.notEqual(etagOf(3, '{}'), etagOf(4, '{}'));
    assert.notEqual(etagOf(3, '{}'), etagOf(3, '[]'));
  });

  it('gives its version back through If-Match', () => {
    assert.equal(ifMatchVersion(etagOf(12, '{"a":1}')), 12);
    assert.equal(ifMatchVersion(`${etagOf(12, 'x')}, "13-other"`), 12);
  });

  it('asks for nothing without a header, or with a star', () => {
    assert.equal(ifMatchVersion(undefined), null);
    assert.equal(ifMatchVersion('*'), null);
  });

  it('matches nothing of ours when it is foreign, weak or broken', () => {
    for (const tag of [
      '"abc"',
      `W/${etagOf(1, 'x')}`,
      '1-abc',
      '',
      etagOf(undefined, 'x'),
      '"99999999999999999999-a"',
    ]) {
      assert.equal(ifMatchVersion(tag), -1, tag);
    }
  });

  it('hits If-None-Match alone, in a list, weakly and by a star', () => {
    const tag = etagOf(1, 'x');
    for (const header of [tag, `"a", ${tag}`, `W/${tag}`, '*']) assert.ok(noneMatchHits(header, tag), header);
    for (const header of [undefined, '"a"', etagOf(1, 'y')]) assert.ok(!noneMatchHits(header, tag), header);
  });
});
