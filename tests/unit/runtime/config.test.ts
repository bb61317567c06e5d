import assert from 'node:assert/strict';
import { ConfigError, type Environment, publishToFlows, readConfig } from '../../../runtime/config.ts';

const complete = {
  MYSQL_URL: 'mysql://cauce:p%40ss@db:3307/fleet',
  REDIS_URL: 'redis://cache:6379',
  MQTT_URL: 'mqtt://cauce:secret@broker:1884',
};

describe('readConfig', () => {
  it('reads servers and accounts from URLs, percent-encoding undone', () => {
    const config = readConfig(complete);
    assert.deepEqual(config.mysql.owner, {
      host: 'db',
      port: 3307,
      database: 'fleet',
      user: 'cauce',
      password: 'p@ss',
    });
    assert.deepEqual(config.mqtt, { host: 'broker', port: 1884, user: 'cauce', password: 'secret' });
    assert.equal(config.http.port, 1880);
    assert.equal(config.http.trustProxy, false);
  });

  it('lets the flows use an account of their own', () => {
    const config = readConfig({ ...complete, MYSQL_FLOWS_URL: 'mysql://flows:x@db:3307/fleet' });
    assert.equal(config.mysql.flows.user, 'flows');
    assert.equal(config.mysql.owner.user, 'cauce');
    assert.deepEqual(readConfig(complete).mysql.flows, config.mysql.owner);
  });

  it('names every variable that is wrong at once, and no value', () => {
    const env = {
      ...complete,
      MYSQL_URL: 'mysql://u:hunter22@db/',
      REDIS_URL: 'http://x',
      HTTP_PORT: '80.5',
    };
    assert.throws(
      () => readConfig({ ...env, LOG_LEVEL: 'loud', MQTT_URL: '' }),
      (error: Error) => {
        assert.ok(error instanceof ConfigError);
        for (const name of ['MYSQL_URL', 'REDIS_URL', 'HTTP_PORT', 'LOG_LEVEL', 'MQTT_URL: is not set']) {
          assert.match(error.message, new RegExp(name));
        }
        assert.doesNotMatch(error.message, /hunter22/);
        return true;
      },
    );
  });

  it('keeps IPv6 addresses out of their brackets and hands other MQTT transports on as a URL', () => {
    assert.equal(readConfig({ ...complete, MYSQL_URL: 'mysql://u@[::1]/x' }).mysql.owner.host, '::1');
    assert.equal(
      readConfig({ ...complete, MQTT_URL: 'mqtts://m.example' }).mqtt.host,
      'mqtts://m.example:8883',
    );
    assert.equal(readConfig({ ...complete, MQTT_URL: 'wss://m:444/mqtt' }).mqtt.host, 'wss://m:444/mqtt');
  });

  it('understands every form of trust proxy that Express does', () => {
    const trust = (TRUST_PROXY: string) => readConfig({ ...complete, TRUST_PROXY }).http.trustProxy;
    assert.deepEqual(['', 'true', '2', '10.0.0.0/8'].map(trust), [false, true, 2, '10.0.0.0/8']);
  });
});

describe('publishToFlows', () => {
  it('leaves what flow files refer to and takes the runtime’s own secrets away', () => {
    const env: Environment = {
      ...complete,
      JWT_SECRET: 'j',
      SECRETS_KEY: 's',
      ADMIN_PASSWORD: 'a',
      PATH: '/bin',
    };
    publishToFlows(readConfig(env), env);
    assert.deepEqual(env, {
      PATH: '/bin',
      MYSQL_HOST: 'db',
      MYSQL_PORT: '3307',
      MYSQL_DATABASE: 'fleet',
      MYSQL_USER: 'cauce',
      MYSQL_PASSWORD: 'p@ss',
      MQTT_HOST: 'broker',
      MQTT_PORT: '1884',
      MQTT_USER: 'cauce',
      MQTT_PASSWORD: 'secret',
      REDIS_URL: 'redis://cache:6379',
      VEHICLE_STALE_AFTER_S: '60',
    });
  });
});
