/** What tells how the system is doing and what it can do. */
import assert from 'node:assert/strict';
import { eventually } from '../support/eventually.ts';
import type { Product } from '../support/product.ts';
import { sharedProduct } from '../support/shared-product.ts';
import { registeredVehicle } from '../support/vehicle.ts';

describe('operations', () => {
  let product: Product;

  before(async () => {
    product = await sharedProduct();
  });

  it('is alive', async () => {
    const { status, body } = await product.api('GET', '/healthz');
    assert.deepEqual([status, body], [200, { status: 'ok' }]);
  });

  it('is ready, with one entry a dependency', async () => {
    const { status, body } = await product.api('GET', '/readyz');
    assert.deepEqual([status, body.ready], [200, true]);
    assert.deepEqual(Object.keys(body.dependencies).sort(), ['flows', 'mqtt', 'mysql', 'redis']);
    for (const [name, { state, latency_ms, reason }] of Object.entries<any>(body.dependencies)) {
      assert.deepEqual([state, reason], ['ok', null], name);
      assert.ok(latency_ms >= 0 && latency_ms < 2_000, name);
    }
  });

  it('counts for Prometheus, without a login and without names', async () => {
    const vehicle = await registeredVehicle(product, 'ops-secret-name');
    await product.asAdmin('GET', `/api/vehicles/${vehicle.id}`);
    const { status, headers, body } = await product.api('GET', '/metrics');
    assert.equal(status, 200);
    assert.match(headers.get('content-type')!, /^text\/plain; version=0\.0\.4/);
    for (const name of [
      'process_cpu_seconds_total',
      'nodejs_heap_size_used_bytes',
      'cauce_http_request_duration_seconds',
    ]) {
      assert.match(body, new RegExp(`^# HELP ${name} `, 'm'));
    }
    assert.match(body, /route="\/api\/vehicles\/:id"/);
    assert.ok(!body.includes('ops-secret-name') && !body.includes(vehicle.password));
    // The text format: comments and samples.
    for (const line of body.trim().split('\n'))
      assert.match(line, /^($|# (HELP|TYPE) |[a-z0-9_:]+(\{.*\})? \S+$)/);
  });

  it('describes every endpoint that is deployed', async () => {
    const { status, body } = await product.api('GET', '/api/openapi.json');
    assert.equal(status, 200);
    assert.match(body.openapi, /^3\.1\./);
    for (const [path, method] of [
      ['/api/vehicles', 'post'],
      ['/api/vehicles/{id}', 'delete'],
      ['/api/vehicles/{id}/claim', 'post'],
      ['/api/vehicles/{id}/telemetry', 'get'],
      ['/api/vehicles/{id}/telemetry/latest', 'get'],
      ['/api/vehicles/{id}/statuses', 'get'],
      ['/api/rejections', 'get'],
      ['/healthz', 'get'],
      ['/readyz', 'get'],
      ['/metrics', 'get'],
    ] as const) {
      assert.ok(body.paths[path]?.[method]?.summary, `${method} ${path}`);
    }
  });

  it('has a page of documentation that needs nothing from elsewhere', async () => {
    const page = await product.api('GET', '/docs');
    assert.equal(page.status, 200);
    assert.match(page.headers.get('content-type')!, /^text\/html/);
    const policy = page.headers.get('content-security-policy')!;
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /script-src 'self'(;|$)/);
    assert.doesNotMatch(page.body.replaceAll(product.baseUrl, ''), /https?:\/\//);

    const [, script] = /<script src="([^"]+)">/.exec(page.body)!;
    const first = await fetch(new URL(script!, product.baseUrl));
    assert.equal(first.status, 200);
    assert.match(first.headers.get('content-type')!, /javascript/);
    assert.ok((await first.text()).length > 1_000_000);
    const again = await fetch(new URL(script!, product.baseUrl), {
      // Without the second, fetch asks for a fresh copy (Fetch standard, HTTP-network-or-cache fetch).
      headers: { 'if-none-match': first.headers.get('etag')!, 'cache-control': 'max-age=0' },
    });
    assert.equal(again.status, 304);
  });

  it('lists what was refused, counted, newest kind first, by vehicle too', async () => {
    const vehicle = await registeredVehicle(product, 'ops-1');
    const client = await vehicle.connect();
    const send = (payload: string) => client.publishAsync('vehicles/ops-1/telemetry', payload, { qos: 1 });
    for (let i = 0; i < 3; i++) await send('not json');
    await send('{"ts":"yesterday"}');
    const items = await eventually(async () => {
      const { body } = await product.asAdmin('GET', '/api/rejections?vehicle_id=ops-1');
      assert.equal(body.next, null);
      assert.equal(body.items.length, 2);
      assert.equal(body.items[1].count, 3);
      return body.items;
    });
    assert.deepEqual(
      items.map(({ vehicle_id, topic, code }: any) => [vehicle_id, topic, code]),
      [
        ['ops-1', 'vehicles/ops-1/telemetry', 'schema'],
        ['ops-1', 'vehicles/ops-1/telemetry', 'invalid_json'],
      ],
    );
    assert.ok(items[1].first_seen <= items[1].last_seen);
    assert.match(items[1].sample, /not json/);

    const first = await product.asAdmin('GET', '/api/rejections?vehicle_id=ops-1&limit=1');
    assert.equal(first.body.items[0].code, 'schema');
    const cursor = encodeURIComponent(first.body.next);
    const second = await product.asAdmin('GET', `/api/rejections?vehicle_id=ops-1&limit=1&cursor=${cursor}`);
    assert.deepEqual([second.body.items[0].code, second.body.next], ['invalid_json', null]);
    assert.equal((await product.api('GET', '/api/rejections')).status, 401);
  });
});
