import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { RateLimitOptions } from '../../src/index.ts';
import { buildEdge } from './edge-setup.ts';
import type { Line } from './setup.ts';

interface Ask {
  readonly url?: string;
  readonly remoteAddress?: string;
  readonly headers?: Record<string, string>;
}

const build = async (rateLimit: Partial<RateLimitOptions> = {}, trustedProxies: readonly string[] = []) => {
  const lines: Line[] = [];
  const logger = pino({ level: 'trace' }, { write: (text: string) => lines.push(JSON.parse(text) as Line) });
  const edge = { rateLimit: { max: 2, windowMs: 60_000, ...rateLimit }, trustedProxies };
  const server = await buildEdge(edge, { logger });
  const ask = ({ url = '/v1/page', remoteAddress = '192.0.2.1', headers = {} }: Ask = {}) =>
    server.inject({ url, remoteAddress, headers });
  /** Uses up what this client may, and says whether the other still may. */
  const isSeparate = async (first: Ask, second: Ask) => {
    for (let i = 0; i < 3; i += 1) await ask(first);
    return (await ask(second)).statusCode === 200;
  };
  return { server, ask, lines, isSeparate };
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
});

describe('a client', () => {
  test('that asks too often is told when it may again, as a problem', async () => {
    const { ask, lines } = await build();
    const allowed = [await ask(), await ask()];
    expect(allowed.map(({ headers }) => headers['x-ratelimit-remaining'])).toEqual(['1', '0']);
    vi.advanceTimersByTime(20_500);
    const refused = await ask();
    expect(refused.statusCode).toBe(429);
    expect(refused.headers).toMatchObject({
      'retry-after': '40',
      'content-type': 'application/problem+json; charset=utf-8',
      'cache-control': 'no-store',
    });
    expect(refused.json()).toEqual({
      type: 'about:blank',
      title: 'Too Many Requests',
      status: 429,
      requestId: refused.headers['x-request-id'],
    });
    expect(lines.map(({ status }) => status)).toEqual([200, 200, 429]);
    vi.advanceTimersByTime(39_500);
    expect(await ask()).toMatchObject({ statusCode: 200 });
  });

  test('finds it in the contract, where there is a limit', async () => {
    const toProblems = async (server: FastifyInstance) => {
      const { paths } = (await server.inject('/openapi.json')).json();
      return Object.keys(paths['/v1/page'].get.responses).filter((status) => status.startsWith('4'));
    };
    expect(await toProblems((await build()).server)).toEqual(['404', '429']);
    expect(await toProblems(await buildEdge({}))).toEqual(['404']);
  });

  test('has one limit for all routes', async () => {
    const { isSeparate } = await build();
    expect(await isSeparate({ url: '/v1/partial' }, { url: '/v1/page' })).toBe(false);
  });

  test('may always ask for health', async () => {
    const { ask } = await build();
    for (let i = 0; i < 5; i += 1) {
      for (const url of ['/livez', '/readyz']) expect(await ask({ url })).toMatchObject({ statusCode: 200 });
    }
  });
});

describe('who is who: by address', () => {
  test.each([
    ['two addresses', '192.0.2.1', '192.0.2.2', true],
    ['one address', '192.0.2.1', '192.0.2.1', false],
    ['one address of IPv4, as IPv6 writes it', '192.0.2.1', '::ffff:192.0.2.1', false],
    ['two addresses of one /64', '2001:db8:1:2::1', '2001:db8:1:2:ffff::9', false],
    ['two /64', '2001:db8:1:2::1', '2001:db8:1:3::1', true],
  ])('%s', async (_name, first, second, separate) => {
    const { isSeparate } = await build();
    expect(await isSeparate({ remoteAddress: first }, { remoteAddress: second })).toBe(separate);
  });

  test('a header makes nobody somebody else unless it is named', async () => {
    const { isSeparate } = await build();
    const of = (value: string) => ({ headers: { 'x-api-key': value, authorization: value, 'x-forwarded-for': value } });
    expect(await isSeparate(of('1.2.3.4'), of('5.6.7.8'))).toBe(false);
  });
});

describe('who is who: by key', () => {
  const keyed = (key: string, remoteAddress = '192.0.2.1') => ({ headers: { 'x-api-key': key }, remoteAddress });

  test.each([
    ['two keys', keyed('a'), keyed('b'), true],
    ['one key, two addresses', keyed('a'), keyed('a', '192.0.2.2'), false],
    ['a key and none', keyed('a'), { remoteAddress: '192.0.2.1' }, true],
    ['none and none, two addresses', { remoteAddress: '192.0.2.1' }, { remoteAddress: '192.0.2.2' }, true],
    ['a key that looks like an address', keyed('192.0.2.1'), { remoteAddress: '192.0.2.1' }, true],
  ])('%s', async (_name, first, second, separate) => {
    const { isSeparate } = await build({ header: 'X-API-Key' });
    expect(await isSeparate(first, second)).toBe(separate);
  });

  test('no key is in what is said or written', async () => {
    const { ask, lines } = await build({ header: 'x-api-key' });
    const answers = [await ask(keyed('canary')), await ask(keyed('canary')), await ask(keyed('canary'))];
    const said = answers.map(({ headers, body }) => JSON.stringify(headers) + body).join('');
    expect(answers.at(-1)?.statusCode).toBe(429);
    expect(said + JSON.stringify(lines)).not.toContain('canary');
  });
});

test('so many clients are remembered and no more', async () => {
  const { ask } = await build({ clients: 3, max: 1 });
  const from = (last: number) => ask({ remoteAddress: `192.0.2.${last}` });
  await from(1);
  expect(await from(1)).toMatchObject({ statusCode: 429 });
  for (let last = 2; last <= 4; last += 1) await from(last);
  expect(await from(1)).toMatchObject({ statusCode: 200 });
  expect(await from(4)).toMatchObject({ statusCode: 429 });
});

describe('X-Forwarded-For', () => {
  const through = (remoteAddress: string, chain: string) => ({
    remoteAddress,
    headers: { 'x-forwarded-for': chain, 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'gopher' },
  });

  test.each<[string, readonly string[], Ask, Ask, boolean]>([
    ['of nobody is believed by default', [], through('10.0.0.1', '1.1.1.1'), through('10.0.0.1', '2.2.2.2'), false],
    [
      'of a stranger is not believed',
      ['10.0.0.0/8'],
      through('11.0.0.1', '1.1.1.1'),
      through('11.0.0.1', '2.2.2.2'),
      false,
    ],
    [
      'of a trusted proxy is believed',
      ['10.0.0.0/8'],
      through('10.0.0.1', '1.1.1.1'),
      through('10.0.0.2', '2.2.2.2'),
      true,
    ],
    [
      'is believed through IPv4 as IPv6 writes it',
      ['10.0.0.0/8'],
      through('::ffff:10.0.0.1', '1.1.1.1'),
      through('::ffff:10.0.0.1', '2.2.2.2'),
      true,
    ],
    [
      'is believed as far as proxies are trusted, whatever was there before',
      ['10.0.0.0/8'],
      through('10.0.0.1', '8.8.8.8, 1.1.1.1, 10.0.0.3'),
      through('10.0.0.1', '9.9.9.9, 1.1.1.1, 10.0.0.3'),
      false,
    ],
  ])('%s', async (_name, proxies, first, second, separate) => {
    const { isSeparate } = await build({}, proxies);
    expect(await isSeparate(first, second)).toBe(separate);
  });
});
