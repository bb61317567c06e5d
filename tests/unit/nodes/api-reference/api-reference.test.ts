import assert from 'node:assert/strict';
import { ApiReference } from '../../../../nodes/api-reference/controller.ts';
import { scalarBundle } from '../../../../tools/bundle-api-reference.ts';

describe('api reference', () => {
  it('is a page that lets nothing of its form become markup', () => {
    const page = new ApiReference({ title: '"><script>alert(1)</script>', url: '/x"y' }).input({}).payload;
    assert.equal((page as string).match(/<script/g)?.length, 2);
    assert.ok((page as string).includes('&quot;url&quot;:&quot;/x\\&quot;y&quot;'));
  });

  it('may run its own script only, and talk to this server only', () => {
    const headers = new Map<string, string>();
    const res = { _res: { setHeader: (name: string, value: string) => headers.set(name, value) } };
    new ApiReference({ title: 'API', url: '/api/openapi.json' }).input({ res });
    const policy = headers.get('content-security-policy')!;
    assert.match(policy, /default-src 'none'; script-src 'self';/);
    assert.match(policy, /connect-src 'self';/);
    assert.match(policy, /frame-ancestors 'none'/);
  });

  it('finds Scalar in the plugin that carries it', () => {
    assert.ok(scalarBundle().length > 1_000_000);
  });
});
