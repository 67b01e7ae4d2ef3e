import { expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';

type Env = Readonly<Record<string, string>>;

test('the edge is what its keys say', () => {
  const env = {
    CONFLUO_CORS_ORIGINS: 'https://a.example, https://b.example:8443/',
    CONFLUO_CORS_CREDENTIALS: 'on',
    CONFLUO_SECURITY_HEADERS: 'on',
    CONFLUO_COMPRESSION: 'on',
    CONFLUO_ETAG: 'on',
    CONFLUO_RATE_LIMIT: '100/60s',
    CONFLUO_RATE_LIMIT_HEADER: 'X-Api-Key',
    CONFLUO_TRUSTED_PROXIES: '10.0.0.0/8, 192.0.2.1,2001:db8::/32',
  };
  const { edge } = loadConfig(env);
  expect(edge).toEqual({
    cors: { origins: ['https://a.example', 'https://b.example:8443'], credentials: true },
    securityHeaders: true,
    compression: true,
    etag: true,
    rateLimit: { max: 100, windowMs: 60_000, header: 'x-api-key' },
    trustedProxies: ['10.0.0.0/8', '192.0.2.1', '2001:db8::/32'],
  });
  expect(Object.isFrozen(edge)).toBe(true);
});

test('what is off is off', () => {
  const env = { CONFLUO_SECURITY_HEADERS: 'off', CONFLUO_COMPRESSION: 'off', CONFLUO_ETAG: 'off' };
  expect(loadConfig(env).edge).toEqual({ securityHeaders: false, compression: false, etag: false });
});

test.each<[string, number]>([
  ['1/1ms', 1],
  ['5/2s', 2_000],
  ['5/3m', 180_000],
  ['5/1h', 3_600_000],
])('a time has a unit: %s', (text, windowMs) => {
  expect(loadConfig({ CONFLUO_RATE_LIMIT: text }).edge.rateLimit).toMatchObject({ windowMs });
});

const wanted: Readonly<Record<string, readonly [string, readonly string[]]>> = {
  CONFLUO_CORS_ORIGINS: [
    'origins like https://app.example.com, with commas',
    ['', '*', 'https://*.example', 'null', 'a.example', 'https://a.example/x', 'https://a.example,', 'https://a:99999'],
  ],
  CONFLUO_SECURITY_HEADERS: ['on or off', ['', 'true', '1', 'ON']],
  CONFLUO_COMPRESSION: ['on or off', ['br']],
  CONFLUO_ETAG: ['on or off', ['weak']],
  CONFLUO_RATE_LIMIT: [
    'requests and their time like 100/60s',
    ['', '100', '100/60', '0/60s', '100/0s', '-1/1s', '1.5/1s', '100/60s ', '100 per minute', '100/60d', '1e9/1s'],
  ],
  CONFLUO_TRUSTED_PROXIES: [
    'addresses or networks like 10.0.0.0/8, with commas',
    ['', 'true', '*', '10.0.0.0/33', '0.0.0.0/0', 'proxy.example', '10.0.0.1,'],
  ],
};

test.each(Object.entries(wanted))('a value that cannot work is refused by its key: %s', (key, [form, values]) => {
  for (const value of values) expect(() => loadConfig({ [key]: value })).toThrow(`${key} must be ${form}`);
});

test.each<[Env, string]>([
  [{ CONFLUO_CORS_CREDENTIALS: 'on' }, 'CONFLUO_CORS_CREDENTIALS needs CONFLUO_CORS_ORIGINS'],
  [{ CONFLUO_RATE_LIMIT_HEADER: 'x-api-key' }, 'CONFLUO_RATE_LIMIT_HEADER needs CONFLUO_RATE_LIMIT'],
])('a key that is nothing alone says so: %o', (env, message) => {
  expect(() => loadConfig(env)).toThrow(message);
});
