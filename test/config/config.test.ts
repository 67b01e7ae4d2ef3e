import { availableParallelism } from 'node:os';
import { describe, expect, test } from 'vitest';
import { ConfigError, loadConfig, toOriginKey } from '../../src/config.ts';

const complaint = (env: Readonly<Record<string, string>>): string => {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'none';
};

describe('the configuration', () => {
  test('has a default for every key', () => {
    expect(loadConfig({ PATH: '/bin', HOME: '/home', npm_config_x: '1' })).toEqual({
      port: 3_000,
      host: '127.0.0.1',
      appDir: '.',
      upstreams: 'live',
      logLevel: 'info',
      stopMs: 25_000,
      drainMs: 5_000,
      workers: 1,
      admission: {},
      limits: {},
      edge: {},
      origins: {},
    });
  });

  test('takes what the environment says', () => {
    const env = {
      PORT: '0',
      HOST: '0.0.0.0',
      CONFLUO_APP_DIR: '/app',
      CONFLUO_UPSTREAMS: 'embedded',
      CONFLUO_LOG_LEVEL: 'silent',
      CONFLUO_STOP_MS: '600000',
      CONFLUO_DRAIN_MS: '599999',
      CONFLUO_WORKERS: '16',
      CONFLUO_MAX_IN_FLIGHT: '200',
      CONFLUO_MAX_HELD_BYTES: '1000000',
      CONFLUO_MAX_LAG_MS: '100',
      CONFLUO_MAX_URL_BYTES: '4096',
      CONFLUO_MAX_CONNECTIONS_PER_ADDRESS: '1',
      CONFLUO_READ_MS: '1000',
      CONFLUO_UPSTREAM_SUN_TIMES_ORIGIN: 'https://sun.example.com:8443',
      CONFLUO_UPSTREAM_A1_ORIGIN: 'http://[::1]:80/, http://10.0.0.1',
    };
    expect(loadConfig(env)).toEqual({
      port: 0,
      host: '0.0.0.0',
      appDir: '/app',
      upstreams: 'embedded',
      logLevel: 'silent',
      stopMs: 600_000,
      drainMs: 599_999,
      workers: 16,
      admission: { maxInFlight: 200, maxHeldBytes: 1_000_000, maxLagMs: 100 },
      limits: { maxUrlBytes: 4_096, maxConnectionsPerAddress: 1, readMs: 1_000 },
      edge: {},
      origins: { 'sun-times': ['https://sun.example.com:8443'], a1: ['http://[::1]:80/', 'http://10.0.0.1'] },
    });
  });

  test('is frozen, and does not change the environment', () => {
    const env = Object.freeze({ PORT: '1', CONFLUO_UPSTREAM_A_ORIGIN: 'http://a' });
    const config = loadConfig(env);
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.origins)).toBe(true);
  });

  test('passes over what is not set', () => {
    expect(loadConfig({ PORT: undefined, CONFLUO_COLOUR: undefined })).toMatchObject({ port: 3_000 });
  });
});

test('`auto` is as many workers as the machine runs at once', () => {
  expect(loadConfig({ CONFLUO_WORKERS: 'auto' })).toMatchObject({ workers: availableParallelism() });
});

describe('a key that cannot work is named', () => {
  test.each([
    ['PORT', ['', ' ', 'http', '3000.5', '1e3', '0x10', ' 80', '+80', 'true', '-1', '65536', '9'.repeat(400)]],
    ['HOST', ['']],
    ['CONFLUO_APP_DIR', ['']],
    ['CONFLUO_UPSTREAMS', ['', 'Live', 'dead']],
    ['CONFLUO_LOG_LEVEL', ['', 'INFO', 'loud']],
    ['CONFLUO_MAX_IN_FLIGHT', ['', '0', '1.5', '1k']],
    ['CONFLUO_MAX_HELD_BYTES', ['0', '256MiB']],
    ['CONFLUO_MAX_LAG_MS', ['0', 'NaN']],
    ['CONFLUO_STOP_MS', ['', '25s', '-1', '600001', '1n']],
    ['CONFLUO_DRAIN_MS', ['', '5s', '-1', '600001']],
    ['CONFLUO_WORKERS', ['', '0', '-1', '1.5', '257', 'Auto', 'all']],
    ['CONFLUO_MAX_HEADERS', ['', '0', '1e2', '-1', '1000001', ' 10', '1.5']],
    ['CONFLUO_HEADER_MS', ['0', '5s', '3600001']],
    [
      'CONFLUO_UPSTREAM_SHOP_ORIGIN',
      [
        '',
        'shop',
        'ftp://a',
        'http://',
        'http://a/b',
        'http://a?b',
        'http://a#b',
        'http://u:p@a',
        'http://a:99999',
        'http://a b',
        '//a',
        'http://a,',
        'http://a,b',
      ],
    ],
  ])('%s', (key, values) => {
    for (const value of values) {
      const message = complaint({ [key]: value });
      expect(message).toMatch(new RegExp(`^${key} must `));
      if (value.length > 3) expect(message.slice(key.length)).not.toContain(` ${value} `);
    }
  });

  test('with the values that it can have', () => {
    expect(complaint({ CONFLUO_UPSTREAMS: 'dead' })).toBe('CONFLUO_UPSTREAMS must be one of live, embedded');
    expect(complaint({ CONFLUO_WORKERS: 'Auto' })).toBe('CONFLUO_WORKERS must be integer or auto');
  });

  test.each([
    { CONFLUO_DRAIN_MS: '25000' },
    { CONFLUO_STOP_MS: '5000' },
    { CONFLUO_DRAIN_MS: '300', CONFLUO_STOP_MS: '200' },
  ])('together with the other one: %j', (env) => {
    expect(complaint(env)).toMatch(/^CONFLUO_DRAIN_MS must be below CONFLUO_STOP_MS, .*$/);
  });

  test('and none, where nothing is waited for', () => {
    expect(complaint({ CONFLUO_DRAIN_MS: '0', CONFLUO_STOP_MS: '0' })).toBe('none');
  });

  test.each([
    'CONFLUO_',
    'CONFLUO_COLOUR',
    'CONFLUO_PORT',
    'CONFLUO_UPSTREAM_ORIGIN',
    'CONFLUO_UPSTREAM__ORIGIN',
    'CONFLUO_UPSTREAM_shop_ORIGIN',
    'CONFLUO_log_level',
  ])('where it is not known: %s', (key) => {
    expect(complaint({ [key]: 'x' })).toBe(`${key} is not a known key`);
  });

  test('and all of them at once', () => {
    expect(complaint({ CONFLUO_COLOUR: 'red', PORT: 'x', CONFLUO_UPSTREAM_A_ORIGIN: 'a' }).split('; ')).toEqual([
      'CONFLUO_COLOUR is not a known key',
      'CONFLUO_UPSTREAM_A_ORIGIN must be an origin like https://api.example.com, or several with commas',
      'PORT must be integer',
    ]);
  });
});

test.each(['shop', 'sun-times', 'a1-b2'])('the key of an upstream`s origin leads back to it: %s', (name) => {
  expect(loadConfig({ [toOriginKey(name)]: 'http://a' }).origins).toEqual({ [name]: ['http://a'] });
});
