import assert from 'node:assert/strict';
import { parsePath, Routes } from '../../../../../nodes/shared/http/routes.ts';
import type { Problem } from '../../../../../nodes/shared/problem.ts';

function routesOf(...paths: string[]): Routes<string> {
  const routes = new Routes<string>();
  for (const path of paths) routes.add('GET', path, path);
  return routes;
}

function find(routes: Routes<string>, path: string) {
  const match = routes.find(path);
  const route = match?.methods.get('GET');
  return (
    route && {
      target: route.target,
      params: Object.fromEntries(route.names.map((n, i) => [n, match!.values[i]])),
    }
  );
}

describe('routes', () => {
  it('prefer a fixed segment to a parameter, whichever was drawn first', () => {
    for (const paths of [
      ['/api/dogs/:name', '/api/dogs/is_adopted'],
      ['/api/dogs/is_adopted', '/api/dogs/:name'],
    ]) {
      const routes = routesOf(...paths);
      assert.equal(find(routes, '/api/dogs/is_adopted')?.target, '/api/dogs/is_adopted');
      assert.deepEqual(find(routes, '/api/dogs/rex'), { target: '/api/dogs/:name', params: { name: 'rex' } });
    }
  });

  it('come back to the parameter where the fixed segment leads nowhere', () => {
    const routes = routesOf('/a/fixed/x', '/a/:id/y');
    assert.deepEqual(find(routes, '/a/fixed/y'), { target: '/a/:id/y', params: { id: 'fixed' } });
  });

  it('let methods of one path name their parameters differently', () => {
    const routes = new Routes<string>();
    routes.add('GET', '/a/:id', 'get');
    routes.add('PUT', '/a/:name', 'put');
    assert.deepEqual(routes.find('/a/7')?.methods.get('PUT')?.names, ['name']);
  });

  it('report the endpoint that has a method and path already, however its parameter is called', () => {
    const routes = routesOf('/a/:id');
    assert.equal(routes.add('GET', '/a/:name', 'second'), '/a/:id');
    assert.equal(find(routes, '/a/1')?.target, '/a/:id');
  });

  it('decode parameters, and only after the path was split', () => {
    const routes = routesOf('/a/:id');
    assert.deepEqual(find(routes, '/a/x%2Fy%20z')?.params, { id: 'x/y z' });
    assert.throws(
      () => routes.find('/a/%E0%A4%A'),
      (error) => (error as Problem).code === 'bad_request',
    );
  });

  it('ignore a slash at the end, and never take an empty segment for a parameter', () => {
    const routes = routesOf('/a/:id', '/a');
    assert.equal(find(routes, '/a/')?.target, '/a');
    assert.equal(find(routes, '/a/1/')?.target, '/a/:id');
    assert.equal(find(routes, '/a//'), undefined);
    assert.equal(find(routes, '//a'), undefined);
  });

  it('are case-sensitive, and find nothing at other depths', () => {
    const routes = routesOf('/a/:id/b');
    for (const path of ['/A/1/b', '/a/1', '/a/1/b/c', '/', ''])
      assert.equal(routes.find(path), undefined, path);
  });

  it('do not find members of a prototype', () => {
    const routes = routesOf('/a');
    for (const path of ['/__proto__', '/constructor', '/a/toString'])
      assert.equal(routes.find(path), undefined);
  });

  it('refuse paths that cannot be meant', () => {
    for (const path of ['a', '/a b', '/a/:', '/a/:1', '/a//b', '/a/*', '/a/:x/:x', '/a?b', '/a/']) {
      assert.throws(() => parsePath(path), TypeError, path);
    }
  });
});
