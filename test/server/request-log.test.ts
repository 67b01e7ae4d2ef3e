import { pino } from 'pino';
import { describe, expect, test, vi } from 'vitest';
import { buildApp } from '../../src/app.ts';
import { defineRoute, defineUpstream, Type } from '../../src/index.ts';
import { logExecution, logRefusal } from '../../src/server/request-log.ts';
import { ask, createAsk, json, type Line, plain, serve, startUpstream } from './setup.ts';

describe('an aggregated request', () => {
  test('is one line with the outcome of each source', async () => {
    const upstream = await startUpstream({ '/a': json(1), '/b': json(1, {}, 503) });
    const provider = createAsk(upstream.origin);
    const route = defineRoute({ url: '/v1/things/:id', summary: 'Things' });
    const a = route.source(provider('a'), plain);
    const b = route.source(provider('b'), { ...plain, optional: true, fallback: [] });
    const c = route.source(provider('c'), { ...plain, when: () => false });
    const d = route.source(provider('d'), { ...plain, optional: true });
    const e = route.source(provider('e'), { ...plain, needs: { d }, optional: true });
    const { origin, lines } = await serve({ routes: [route.merge({ a, b, c, d, e })] });

    const { headers } = await ask(`${origin}/v1/things/1?token=secret`, {
      headers: { authorization: 'Bearer secret', cookie: 'secret=1' },
    });

    const durationMs = expect.any(Number);
    expect(lines).toEqual([
      {
        level: 30,
        time: expect.any(Number),
        pid: process.pid,
        hostname: expect.any(String),
        msg: 'request',
        requestId: headers['x-request-id'],
        traceId: String(headers['traceparent']).split('-')[1],
        method: 'GET',
        route: '/v1/things/:id',
        status: 200,
        durationMs,
        complete: false,
        sources: {
          a: { status: 'ok', durationMs, attempts: 1 },
          b: { status: 'failed', code: 'upstream_error', upstreamStatus: 503, fallback: true, durationMs, attempts: 1 },
          c: { status: 'skipped', because: 'condition', durationMs, attempts: 0 },
          d: { status: 'failed', code: 'not_found', upstreamStatus: 404, durationMs, attempts: 1 },
          e: { status: 'skipped', because: 'd', durationMs: 0, attempts: 0 },
        },
      },
    ]);
    expect(JSON.stringify(lines)).not.toContain('secret');
  });

  test('tells of a defect in a line of its own, with its stack', async () => {
    const route = defineRoute({ url: '/v1/page', summary: 'A page' });
    const input = () => {
      throw new TypeError('a bug');
    };
    const a = route.source(createAsk('http://127.0.0.1:9')('a'), { input });
    const { origin, lines, line } = await serve({ routes: [route.merge({ a })] });

    const { status, headers, text } = await ask(`${origin}/v1/page`);

    const defect = await line(({ level }) => level === 50);
    expect(status).toBe(500);
    expect(text).not.toContain('a bug');
    expect(defect).toMatchObject({
      source: 'a',
      requestId: headers['x-request-id'],
      err: { type: 'TypeError', message: 'a bug', stack: expect.any(String) },
    });
    expect(lines).toHaveLength(2);
  });
});

describe('health and documents', () => {
  test('write no line', async () => {
    const route = defineRoute({ url: '/v1/page', summary: 'A page' });
    const a = route.source(createAsk('http://127.0.0.1:9')('a'), plain);
    const { origin, lines } = await serve({ routes: [route.merge({ a })] });
    for (const url of ['/livez', '/readyz', '/openapi.json'])
      expect(await ask(origin + url)).toMatchObject({ status: 200 });
    expect(lines).toEqual([]);
  });
});

const fields = { requestId: 'r', traceId: 't', method: 'GET', route: '/', status: 200, durationMs: 1 };

function createLog(isLevelEnabled: (() => boolean) | undefined) {
  const info = vi.fn();
  const { child, ...logger } = pino({ level: 'silent' });
  return { info, log: { ...logger, child: child.bind(logger), info, isLevelEnabled } };
}

describe('the level', () => {
  const run = async (level: string) => {
    const lines: Line[] = [];
    const upstream = defineUpstream({ name: 'u', origin: 'http://127.0.0.1:9', policies: [] });
    const provider = upstream.provider({ name: 'p', output: Type.Number(), policies: [], run: () => 1 });
    const route = defineRoute({ url: '/v1/page', summary: 'A page' });
    const a = route.source(provider, plain);
    const logger = pino({ level }, { write: (text: string) => lines.push(JSON.parse(text) as Line) });
    const { server } = await buildApp({ routes: [route.merge({ a })], logger });
    expect(await server.inject('/v1/page')).toMatchObject({ statusCode: 200 });
    await server.inject('/nope');
    await server.close();
    return lines.map(({ status }) => status);
  };

  test('info has the lines of requests', async () => {
    expect(await run('info')).toEqual([200, 404]);
  });

  test('that takes no lines costs none', () => {
    const { info, log } = createLog(() => false);
    logExecution(log, fields, { reports: [], complete: true, failed: undefined });
    logRefusal(log, fields);
    expect(info).not.toHaveBeenCalled();
  });

  test('of a logger that cannot tell is taken for enough', () => {
    const { info, log } = createLog(undefined);
    logExecution(log, fields, { reports: [], complete: true, failed: undefined });
    logRefusal(log, fields);
    expect(info).toHaveBeenCalledTimes(2);
  });

  test.each(['warn', 'silent'])('%s has none', async (level) => {
    expect(await run(level)).toEqual([]);
  });
});
