/** The vehicles of the REST API: who may do what with them, and what their lists tell. */
import assert from 'node:assert/strict';
import type { Answer, Product } from '../support/product.ts';
import { sharedProduct } from '../support/shared-product.ts';
import { pendingVehicle } from '../support/vehicle.ts';

const START = Date.UTC(2026, 0, 1);
const SECOND = 1_000;

describe('vehicles over REST', () => {
  let product: Product;
  let tokens: Record<'viewer' | 'operator' | 'tenant', string>;

  before(async () => {
    product = await sharedProduct();
    tokens = {
      viewer: await userToken('veh-viewer', 'viewer'),
      operator: await userToken('veh-operator', 'operator'),
      tenant: await userToken('veh-tenant', 'operator', 1),
    };
  });

  async function userToken(name: string, role: string, client_id?: number): Promise<string> {
    const email = `${name}@example.com`;
    const body = { email, password: 'a long password', role, ...(client_id && { client_id }) };
    const answer = await product.asAdmin('POST', '/api/users', { body });
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    return product.login(email, 'a long password');
  }

  const as = (user: keyof typeof tokens) => (method: string, path: string, body?: unknown) =>
    product.api(method, path, { token: tokens[user], ...(body !== undefined && { body }) });

  const code = ({ status, body }: Answer) => [status, body.code];

  /** Samples a second apart, without the way over MQTT. */
  async function addTelemetry(id: string, samples: number): Promise<void> {
    const [vehicle] = await product.sql('SELECT no FROM vehicles WHERE id = ?', [id]);
    const rows = Array.from({ length: samples }, (_, index) => {
      const ts = START + index * SECOND;
      return [vehicle!.no, new Date(ts), ts * 1000, 'b', index, index];
    });
    const columns = '(vehicle_no, ts, arrival, boot, seq, speed_mps)';
    await product.mysql.query(`INSERT INTO telemetry ${columns} VALUES ?`, [rows]);
  }

  it('adds a vehicle and shows its claim code once', async () => {
    const answer = await as('operator')('POST', '/api/vehicles', { id: 'veh-1', name: 'First' });
    assert.equal(answer.status, 201);
    assert.equal(answer.headers.get('location'), '/api/vehicles/veh-1');
    const { claim_code, claim_expires_at, ...rest } = answer.body;
    assert.deepEqual(rest, { id: 'veh-1', name: 'First', state: 'pending' });
    assert.match(claim_code, /^([0-9A-Z]{4}-){6}[0-9A-Z]{4}$/);
    const hours = (Date.parse(claim_expires_at) - Date.now()) / 3_600_000;
    assert.ok(Math.abs(hours - 24) < 0.1, claim_expires_at);

    const { body } = await as('viewer')('GET', '/api/vehicles/veh-1');
    assert.ok(!JSON.stringify(body).includes('claim'));
    assert.deepEqual(
      [body.id, body.name, body.state, body.presence, body.latest_status, body.latest_telemetry],
      ['veh-1', 'First', 'pending', 'offline', null, null],
    );
  });

  it('gives the same code again to a POST that is repeated with its Idempotency-Key', async () => {
    const post = () =>
      product.asAdmin('POST', '/api/vehicles', {
        body: { id: 'veh-idem' },
        headers: { 'idempotency-key': 'veh-idem' },
      });
    const first = await post();
    const second = await post();
    assert.equal(first.status, 201);
    assert.deepEqual([second.status, second.body], [201, first.body]);
  });

  it('refuses ids that are taken, reserved or no ids', async () => {
    await pendingVehicle(product, 'veh-2');
    assert.deepEqual(code(await as('operator')('POST', '/api/vehicles', { id: 'veh-2' })), [
      409,
      'already_exists',
    ]);
    for (const id of ['cauce', 'provision', '', 'a/b', 'a+', '#', 'ä', 'x'.repeat(65), 1, null]) {
      assert.deepEqual(code(await as('operator')('POST', '/api/vehicles', { id })), [422, 'schema'], `${id}`);
    }
    assert.equal((await as('operator')('POST', '/api/vehicles', { id: 'veh-3', x: 1 })).status, 422);
    assert.equal((await as('operator')('POST', '/api/vehicles', { id: 'veh-3', name: '' })).status, 422);
  });

  it('tells ids apart by case', async () => {
    await pendingVehicle(product, 'veh-case');
    await pendingVehicle(product, 'Veh-Case');
    assert.equal((await as('viewer')('GET', '/api/vehicles/Veh-Case')).body.id, 'Veh-Case');
  });

  it('lets viewers read, and operators write', async () => {
    await pendingVehicle(product, 'veh-4');
    for (const [method, path, body] of [
      ['POST', '/api/vehicles', { id: 'veh-5' }],
      ['PATCH', '/api/vehicles/veh-4', { name: 'x' }],
      ['POST', '/api/vehicles/veh-4/claim', undefined],
      ['DELETE', '/api/vehicles/veh-4', undefined],
    ] as const) {
      assert.deepEqual(code(await as('viewer')(method, path, body)), [403, 'forbidden'], `${method} ${path}`);
      assert.equal((await product.api(method, path, { body })).status, 401, `${method} ${path}`);
    }
    assert.equal((await as('viewer')('GET', '/api/vehicles/veh-4')).status, 200);
    assert.equal((await product.api('GET', '/api/vehicles')).status, 401);
  });

  it('shows no vehicles to users of a client, because vehicles belong to none', async () => {
    await pendingVehicle(product, 'veh-6');
    await addTelemetry('veh-6', 1);
    const tenant = as('tenant');
    assert.deepEqual((await tenant('GET', '/api/vehicles')).body, { items: [], next: null });
    assert.deepEqual((await tenant('GET', '/api/rejections')).body, { items: [], next: null });
    for (const path of ['', '/telemetry', '/telemetry/latest', '/statuses']) {
      assert.equal((await tenant('GET', `/api/vehicles/veh-6${path}`)).status, 404, path);
    }
    assert.equal((await tenant('POST', '/api/vehicles', { id: 'veh-7' })).status, 403);
    assert.equal((await tenant('PATCH', '/api/vehicles/veh-6', { name: 'x' })).status, 404);
    assert.equal((await tenant('POST', '/api/vehicles/veh-6/claim')).status, 404);
    assert.equal((await tenant('DELETE', '/api/vehicles/veh-6')).status, 404);
    assert.equal((await as('viewer')('GET', '/api/vehicles/veh-6')).body.state, 'pending');
  });

  it('answers 404 wherever a vehicle is named that does not exist', async () => {
    for (const [method, path, body] of [
      ['GET', '', undefined],
      ['PATCH', '', { name: 'x' }],
      ['DELETE', '', undefined],
      ['POST', '/claim', undefined],
      ['GET', '/telemetry', undefined],
      ['GET', '/telemetry/latest', undefined],
      ['GET', '/statuses', undefined],
    ] as const) {
      const answer = await as('operator')(method, `/api/vehicles/veh-nobody${path}`, body);
      assert.deepEqual(code(answer), [404, 'not_found'], `${method} ${path}`);
    }
  });

  it('renames with If-Match against the version that was answered, to the POST or to a GET', async () => {
    const created = await as('operator')('POST', '/api/vehicles', { id: 'veh-8' });
    const rename = (name: string | null, match: string) =>
      product.asAdmin('PATCH', '/api/vehicles/veh-8', { body: { name }, headers: { 'if-match': match } });
    assert.equal((await rename('Zero', created.headers.get('etag')!)).status, 200);
    const etag = (await as('viewer')('GET', '/api/vehicles/veh-8')).headers.get('etag')!;
    const first = await rename('One', etag);
    assert.deepEqual([first.status, first.body.name], [200, 'One']);
    assert.notEqual(first.headers.get('etag'), etag);
    assert.deepEqual(code(await rename('Two', etag)), [412, 'precondition_failed']);
    assert.equal((await as('operator')('PATCH', '/api/vehicles/veh-8', { name: null })).body.name, null);
    assert.equal((await as('operator')('PATCH', '/api/vehicles/veh-8', {})).status, 422);
    assert.equal((await as('operator')('PATCH', '/api/vehicles/veh-8', { state: 'x' })).status, 422);
  });

  it('answers 304 while nothing has changed', async () => {
    await pendingVehicle(product, 'veh-9');
    const etag = (await as('viewer')('GET', '/api/vehicles/veh-9')).headers.get('etag')!;
    const again = await product.asAdmin('GET', '/api/vehicles/veh-9', { headers: { 'if-none-match': etag } });
    assert.equal(again.status, 304);
  });

  it('revokes as often as one asks, and keeps the vehicle and its data', async () => {
    await pendingVehicle(product, 'veh-10');
    await addTelemetry('veh-10', 3);
    assert.equal((await as('operator')('DELETE', '/api/vehicles/veh-10')).status, 204);
    assert.equal((await as('operator')('DELETE', '/api/vehicles/veh-10')).status, 204);
    const { body } = await as('viewer')('GET', '/api/vehicles/veh-10');
    assert.deepEqual([body.state, body.presence], ['revoked', 'offline']);
    assert.ok(body.revoked_at);
    const telemetry = await as('viewer')('GET', '/api/vehicles/veh-10/telemetry');
    assert.equal(telemetry.body.items.length, 3);
  });

  it('lists vehicles newest first, page by page, each once, by state too', async () => {
    const ids = Array.from({ length: 5 }, (_, index) => `veh-page-${index}`);
    for (const id of ids) await pendingVehicle(product, id);
    await as('operator')('DELETE', '/api/vehicles/veh-page-2');
    const walk = async (query: string) => {
      const found: string[] = [];
      let next: string | null = '';
      do {
        const answer: Answer = await as('viewer')('GET', `/api/vehicles?limit=2${query}${next}`);
        assert.equal(answer.status, 200);
        found.push(...answer.body.items.map(({ id }: { id: string }) => id));
        next = answer.body.next && `&cursor=${encodeURIComponent(answer.body.next)}`;
      } while (next);
      assert.equal(new Set(found).size, found.length);
      return found.filter((id) => id.startsWith('veh-page-'));
    };
    assert.deepEqual(await walk(''), ids.toReversed());
    assert.deepEqual(await walk('&state=revoked'), ['veh-page-2']);
    assert.equal((await as('viewer')('GET', '/api/vehicles?state=gone')).status, 422);
    assert.equal((await as('viewer')('GET', '/api/vehicles?cursor=x')).status, 422);
  });

  it('lists telemetry newest first, within a time range, page by page', async () => {
    await pendingVehicle(product, 'veh-11');
    await addTelemetry('veh-11', 120);
    const list = async (query: string) =>
      (await as('viewer')('GET', `/api/vehicles/veh-11/telemetry?${query}`)).body;
    const speeds = (page: any) => page.items.map((item: any) => item.speed_mps);

    const first = await list('limit=2');
    assert.deepEqual(speeds(first), [119, 118]);
    assert.deepEqual(speeds(await list(`limit=2&cursor=${encodeURIComponent(first.next)}`)), [117, 116]);
    assert.equal((await list('')).items.length, 50);
    assert.equal((await list('limit=200')).next, null);

    const at = (seconds: number) => new Date(START + seconds * SECOND).toISOString();
    assert.deepEqual(speeds(await list(`from=${at(10)}&to=${at(13)}`)), [12, 11, 10]);
    const shifted = '2026-01-01T01:00:10.000%2B01:00';
    assert.deepEqual(speeds(await list(`from=${shifted}&to=${at(11)}`)), [10]);
    assert.deepEqual(first.items[0], {
      ts: at(119),
      received_at: at(119),
      boot: 'b',
      seq: 119,
      lat: null,
      lon: null,
      alt_m: null,
      speed_mps: 119,
      heading_deg: null,
      battery_pct: null,
      values: null,
    });
    const latest = await as('viewer')('GET', '/api/vehicles/veh-11/telemetry/latest');
    assert.deepEqual(latest.body, first.items[0]);
  });

  it('pages through samples of the same time without losing one', async () => {
    await pendingVehicle(product, 'veh-12');
    const [vehicle] = await product.sql("SELECT no FROM vehicles WHERE id = 'veh-12'");
    const rows = Array.from({ length: 7 }, (_, index) => [
      vehicle!.no,
      new Date(START),
      100 + index,
      '',
      index,
    ]);
    await product.mysql.query('INSERT INTO telemetry (vehicle_no, ts, arrival, boot, seq) VALUES ?', [rows]);
    const seen: number[] = [];
    let cursor = '';
    do {
      const path = `/api/vehicles/veh-12/telemetry?limit=3${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
      const { body } = await as('viewer')('GET', path);
      seen.push(...body.items.map((item: any) => item.seq));
      cursor = body.next;
    } while (cursor);
    assert.deepEqual(seen, [6, 5, 4, 3, 2, 1, 0]);
  });

  it('answers 404 for the latest telemetry of a vehicle that sent none', async () => {
    await pendingVehicle(product, 'veh-13');
    assert.equal((await as('viewer')('GET', '/api/vehicles/veh-13/telemetry/latest')).status, 404);
    assert.deepEqual((await as('viewer')('GET', '/api/vehicles/veh-13/telemetry')).body.items, []);
  });
});
