/**
 * Scalar's browser bundle. Its own package brings 200 MB of dependencies along; the plugin for Fastify carries
 * the same bundle inside and serves it on a route. Asked for its routes, it hands the bundle over.
 */
import scalar from '@scalar/fastify-api-reference';

interface Route {
  url: string;
  handler(request: unknown, reply: Reply): unknown;
}
interface Reply {
  header(): Reply;
  send(body: string): unknown;
}

/** @throws Error when a new version of the plugin does not hand it over any more */
export function scalarBundle(): string {
  const routes: Route[] = [];
  const fastify = { route: (route: Route) => routes.push(route), hasPlugin: () => false, initialConfig: {} };
  const plugin = scalar as unknown as (instance: typeof fastify, options: object, next: () => void) => void;
  plugin(fastify, { routePrefix: '/docs', configuration: { url: '/api/openapi.json' } }, () => {});

  let bundle = '';
  const reply: Reply = {
    header: () => reply,
    send: (body) => {
      bundle = body;
    },
  };
  routes.find(({ url }) => url.endsWith('.js'))?.handler({}, reply);
  if (!bundle.includes('scalar')) throw new Error('The Scalar plugin did not hand its bundle over.');
  return bundle;
}
