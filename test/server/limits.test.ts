import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectTo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Limits, limitRules, toFileDescriptors, toLimitKey, toLimits } from '../../src/server/limits.ts';
import { openRaw, type RawClient } from '../faults/clients/raw.ts';
import { bigBytes, openStage, probe, type Stage } from '../faults/clients/stage.ts';

async function open(limits: Partial<Limits>): Promise<Stage> {
  const stage = await openStage({ limits });
  onTestFinished(() => stage.close());
  return stage;
}

const connect = async ({ port }: Stage, options = {}): Promise<RawClient> => {
  const client = await openRaw(port, options);
  onTestFinished(() => client.end());
  return client;
};

const get = (target: string, ...fields: readonly string[]) =>
  [`GET ${target} HTTP/1.1`, 'Host: a', ...fields, '', ''].join('\r\n');
const post = (body: string, ...fields: readonly string[]) =>
  ['POST /v1/items HTTP/1.1', 'Host: a', 'Content-Type: application/json', ...fields, '', body].join('\r\n');
const sized = (body: string) => post(body, `Content-Length: ${body.length}`);
const chunked = (body: string) =>
  post(`1\r\n{\r\n${(body.length - 1).toString(16)}\r\n${body.slice(1)}\r\n0\r\n\r\n`, 'Transfer-Encoding: chunked');
const json = (length: number) => `{"b":"${'x'.repeat(length - 8)}"}`;
const nested = (depth: number) => `{"b":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
const fields = (count: number) => Array.from({ length: count }, (_, index) => `x${index}: 1`);
const listed = (count: number) => Array.from({ length: count }, (_, index) => `x${index}=1`).join('&');
// `Host`, `a`, and one field more.
const fieldBytes = (bytes: number) => get('/v1/items', `x: ${'y'.repeat(bytes - 6)}`);

describe('so much passes, and one more does not', () => {
  test.each<[keyof Limits, number, (size: number) => string, number]>([
    ['maxUrlBytes', 200, (size) => get(`/v1/items?q=${'a'.repeat(size - 12)}`), 414],
    ['maxUrlBytes', 8_192, (size) => get(`/v1/items?q=${'a'.repeat(size - 12)}`), 414],
    ['maxHeaderBytes', 200, fieldBytes, 431],
    ['maxHeaderBytes', 16_384, fieldBytes, 431],
    [
      'maxHeaderBytes',
      16_384,
      (size) => fieldBytes(size).replace('/v1/items', `/v1/items?q=${'a'.repeat(8_000)}`),
      431,
    ],
    ['maxHeaders', 10, (size) => get('/v1/items', ...fields(size - 1)), 431],
    ['maxHeaders', 100, (size) => get('/v1/items', ...fields(size - 1)), 431],
    ['maxParamCharacters', 10, (size) => get(`/v1/items/${'a'.repeat(size)}`), 414],
    ['maxParamCharacters', 10, (size) => get(`/v1/items/${'%61'.repeat(size)}`), 414],
    ['maxParamCharacters', 100, (size) => get(`/v1/items/${'a'.repeat(size)}`), 414],
    ['maxBodyBytes', 100, (size) => sized(json(size)), 413],
    ['maxBodyBytes', 100, (size) => chunked(json(size)), 413],
    ['maxBodyBytes', 1_048_576, (size) => sized(json(size)), 413],
    ['maxBodyBytes', 1_048_576, (size) => chunked(json(size)), 413],
    ['maxBodyDepth', 3, (size) => sized(nested(size)), 400],
    ['maxBodyDepth', 64, (size) => sized(nested(size)), 400],
    ['maxQueryParams', 3, (size) => get(`/v1/items?${listed(size)}`), 400],
    ['maxQueryParams', 100, (size) => get(`/v1/items?${listed(size)}`), 400],
    ['maxQueryParams', 100, (size) => get(`/v1/items?${'&'.repeat(size - 1)}`), 400],
  ])('%s: %i', async (name, size, toBytes, status) => {
    const stage = await open({ [name]: size });
    const client = await connect(stage);

    client.send(toBytes(size));
    await client.answered(1);
    client.send(toBytes(size + 1));
    await client.answered(2);

    expect(client.answers.map((answer) => answer.status)).toEqual([200, status]);
    expect(client.answers[1]?.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(stage.handled).toHaveLength(1);
  });

  test('maxPipelined: the one that is too many is 503 behind the others, and whatever follows is passed over', async () => {
    const stage = await open({ maxPipelined: 3 });
    const [good, bad] = [await connect(stage), await connect(stage)];
    const slow = get('/v1/slow');

    good.send(slow.repeat(3));
    bad.send(slow.repeat(5));
    await stage.slow(6);
    stage.release();
    expect([await good.answered(3), await bad.closed()]).toEqual([true, true]);
    good.send(slow.repeat(3));
    await stage.slow(3);
    stage.release();
    await good.answered(6);

    expect(good.answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    expect(bad.answers.map(({ status }) => status)).toEqual([200, 200, 200, 503]);
    expect(bad.answers[3]?.headers).toMatchObject({ connection: 'close' });
    expect(stage.handled).toHaveLength(9);
  });

  test('maxPipelined: a request counts until it is answered, so those who wait for their answers never reach it', async () => {
    const stage = await open({ maxPipelined: 1 });
    const client = await connect(stage);
    for (let count = 1; count <= 20; count += 1) {
      client.send(get('/v1/items'));
      await client.answered(count);
    }
    expect(client.answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
  });

  test('maxRequestsPerConnection: the last one says close, and what comes behind it is neither handled nor answered', async () => {
    const stage = await open({ maxRequestsPerConnection: 3, maxPipelined: 10 });
    const [one, all] = [await connect(stage), await connect(stage)];
    for (let count = 1; count <= 3; count += 1) {
      one.send(get('/v1/items'));
      await one.answered(count);
    }
    all.send(get('/v1/items').repeat(5));

    expect([await one.closed(), await all.closed()]).toEqual([true, true]);
    for (const { answers } of [one, all]) {
      expect(answers.map(({ status, headers }) => [status, headers['connection']])).toEqual([
        [200, 'keep-alive'],
        [200, 'keep-alive'],
        [200, 'close'],
      ]);
    }
    expect(stage.handled).toHaveLength(6);
  });

  test('maxConnections: a further one is closed at once, and taken when there is room', async () => {
    const stage = await open({ maxConnections: 2 });
    const [first, second] = [await connect(stage), await connect(stage)];
    for (const client of [first, second]) {
      client.send(probe);
      expect(await client.answered(1)).toBe(true);
    }
    expect(await (await connect(stage)).closed()).toBe(true);
    first.end();
    await expect.poll(() => stage.connections()).toBe(1);
    const next = await connect(stage);
    next.send(probe);
    expect(await next.answered(1)).toBe(true);
  });

  test('maxConnectionsPerAddress: a further one is closed at once, another address is not', async () => {
    const stage = await open({ maxConnectionsPerAddress: 2 });
    const ask = async (localAddress: string) => {
      const client = await connect(stage, { localAddress });
      client.send(probe);
      return { client, isAnswered: await client.answered(1) };
    };
    const first = await ask('127.0.0.1');
    expect([first, await ask('127.0.0.1'), await ask('127.0.0.1'), await ask('127.0.0.2')]).toMatchObject([
      { isAnswered: true },
      { isAnswered: true },
      { isAnswered: false },
      { isAnswered: true },
    ]);
    first.client.end();
    await expect.poll(() => stage.connections()).toBe(2);
    expect(await ask('127.0.0.1')).toMatchObject({ isAnswered: true });
  });
});

describe('so long is waited', () => {
  /** What came, and after how long the connection was closed. */
  async function watch(limits: Partial<Limits>, bytes: string): Promise<readonly [number[], number]> {
    const client = await connect(await open(limits));
    const startedAt = performance.now();
    client.send(bytes);
    expect(await client.closed()).toBe(true);
    return [client.answers.map(({ status }) => status), performance.now() - startedAt];
  }

  const body = post('{"a"', 'Content-Length: 30');
  test.each<[string, Partial<Limits>, string, number[], number]>([
    ['headerMs: half a head', { headerMs: 300 }, 'GET /v1/items HTTP/1.1\r\nHo', [408], 300],
    ['headerMs: one byte', { headerMs: 300 }, 'G', [408], 300],
    ['headerMs: an empty line', { headerMs: 300 }, '\r\n', [408], 300],
    ['headerMs: half a head behind a request', { headerMs: 300 }, `${probe}GET /`, [200, 408], 300],
    ['bodyMs: half a body', { headerMs: 200, bodyMs: 500 }, body, [408], 500],
    ['bodyMs: half a body behind a request', { headerMs: 200, bodyMs: 500 }, probe + body, [200, 408], 500],
    ['silentMs: nothing', { headerMs: 100, silentMs: 600 }, '', [], 600],
    // Node adds a second to what it says, so that it is not the first to close.
    ['idleMs: nothing more', { idleMs: 100 }, probe, [200], 1_100],
  ])('%s', async (_name, limits, bytes, statuses, ms) => {
    const [actual, elapsed] = await watch(limits, bytes);
    expect(actual).toEqual(statuses);
    expect(elapsed).toBeGreaterThan(ms - 50);
    expect(elapsed).toBeLessThan(ms + 1_500);
  });

  test('a connection that was silent for longer than a head may take is still taken', async () => {
    const client = await connect(await open({ headerMs: 100, silentMs: 2_000 }));
    await new Promise((resolve) => setTimeout(resolve, 400));
    client.send(probe);
    expect(await client.answered(1)).toBe(true);
  });

  test('readMs: who does not take his answer is reset, who takes it slowly gets it', async () => {
    const stage = await open({ readMs: 1_000, minReadBytes: 10_000 });
    const read = (isEager: () => boolean) => {
      const socket = connectTo({ port: stage.port, host: '127.0.0.1' });
      let bytes = 0;
      // The system hands an answer over in large steps, so even who is slow takes megabytes a second here.
      const timer = setInterval(() => {
        if (isEager()) bytes += socket.read()?.length ?? 0;
      }, 10);
      const closed = once(socket, 'close').catch(() => {});
      onTestFinished(() => {
        clearInterval(timer);
        socket.destroy();
      });
      socket.on('error', () => {}).write(get('/v1/big', 'Connection: close'));
      return { bytes: () => bytes, closed };
    };
    const startedAt = performance.now();
    const [none, slow] = [read(() => performance.now() - startedAt > 2_500), read(() => true)];

    await expect.poll(slow.bytes, { timeout: 8_000 }).toBeGreaterThan(bigBytes);
    await expect.poll(() => stage.connections(), { timeout: 5_000 }).toBe(0);
    expect(performance.now() - startedAt).toBeGreaterThan(900);
    await none.closed;
    expect(none.bytes()).toBeLessThan(bigBytes);
  });
});

describe('what is said of them', () => {
  test('the defaults', () => {
    expect(toLimits()).toEqual({
      maxUrlBytes: 8_192,
      maxHeaderBytes: 16_384,
      maxHeaders: 100,
      maxParamCharacters: 100,
      maxBodyBytes: 1_048_576,
      maxBodyDepth: 64,
      maxQueryParams: 100,
      maxPipelined: 10,
      maxRequestsPerConnection: 1_000,
      headerMs: 5_000,
      bodyMs: 10_000,
      silentMs: 15_000,
      idleMs: 72_000,
      readMs: 5_000,
      minReadBytes: 16_384,
      maxConnections: expect.toSatisfy((count: number) => count > 0 && count <= 10_000),
      maxConnectionsPerAddress: 256,
    });
  });

  test.each<[object, string]>([
    [{ maxUrlBytes: 0 }, 'limits: maxUrlBytes must be an integer from 1 to 1048576'],
    [{ maxHeaders: 1.5 }, 'limits: maxHeaders must be an integer from 1 to 1000000'],
    [{ bodyMs: Number.NaN }, 'limits: bodyMs must be an integer from 20 to 3600000'],
    [{ maxFun: 1 }, 'limits: "maxFun" is not a known limit'],
    [{ bodyMs: 4_000 }, 'limits: bodyMs must be at least headerMs, which it includes'],
  ])('%j does not work', async (limits, message) => {
    expect(() => toLimits(limits)).toThrow(expect.objectContaining({ name: 'DefinitionError', message }));
    await expect(openStage({ limits })).rejects.toThrow(message);
  });

  test('a row each on the page on operations, with its key and its default', () => {
    const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
    for (const [name, rule] of Object.entries(limitRules)) {
      const row = page.split('\n').find((line) => line.startsWith('|') && line.includes(`\`${name}\``)) ?? '';
      expect(row).toContain(`\`${toLimitKey(name)}\``);
      if (typeof rule.default === 'number') expect(row).toContain(rule.default.toLocaleString('en'));
    }
  });

  test('a key of the environment each', () => {
    expect(toLimitKey('maxConnectionsPerAddress')).toBe('CONFLUO_MAX_CONNECTIONS_PER_ADDRESS');
  });

  test.each([
    ['Max open files            1024                 524288               files', 1_024],
    ['Max open files            unlimited            unlimited            files', Number.POSITIVE_INFINITY],
    ['nothing of the kind', 1_024],
  ])('file descriptors: %s', (line, count) => {
    expect(toFileDescriptors(`Limit  Soft Limit  Hard Limit  Units\n${line}\n`)).toBe(count);
  });
});
