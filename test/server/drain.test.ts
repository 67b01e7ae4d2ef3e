import { once } from 'node:events';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { expect, test, vi } from 'vitest';
import { findLine, good, type Running, route, startListening } from './program.ts';
import { ask, askRaw, startUpstream } from './setup.ts';

const order = route(undefined, "method: 'POST', body: Type.Object({ count: Type.Integer() }),").replace(
  '/item',
  '/order',
);
const files = { ...good, 'routes/order.ts': order };

/** An upstream that answers when it is told to. */
async function holdAnswers() {
  const held: ServerResponse[] = [];
  let isHolding = true;
  const answer = (response: ServerResponse) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"id":7}');
  const upstream = await startUpstream((response) => void (isHolding ? held.push(response) : answer(response)));
  return {
    upstream,
    env: { CONFLUO_UPSTREAM_MY_SHOP_ORIGIN: upstream.origin },
    /** Answers what is held, and from now on at once. */
    answerAll() {
      isHolding = false;
      for (const response of held.splice(0)) answer(response);
    },
    hold() {
      isHolding = true;
    },
  };
}

const stop = async (program: Running, signal: 'SIGTERM' | 'SIGINT' = 'SIGTERM') => {
  program.child.kill(signal);
  await findLine(program, 'draining');
};

/** Until new connections are refused. */
const refused = (origin: string) =>
  vi.waitFor(() => expect(ask(`${origin}/livez`)).rejects.toMatchObject({ code: 'ECONNREFUSED' }), {
    timeout: 8_000,
    interval: 20,
  });

const told = ({ status, headers }: { readonly status: number; readonly headers: IncomingHttpHeaders }) =>
  `${status} ${headers.connection}`;

test('SIGTERM: not ready at once, everything is served for a while, then nothing new, and what runs is finished', async () => {
  const { upstream, env, answerAll, hold } = await holdAnswers();
  const program = await startListening({ ...env, CONFLUO_DRAIN_MS: '1500' }, files);
  const { origin } = program;
  const body = { count: 1 };
  const early = [ask(`${origin}/v1/item`), ask(`${origin}/v1/order`, { method: 'POST', body })];
  await upstream.arrived(2);
  const idle = connect({ port: Number(new URL(origin).port), host: '127.0.0.1' }).setEncoding('latin1');
  let got = '';
  idle.on('data', (text: string) => {
    got += text;
  });
  const get = 'GET /livez HTTP/1.1\r\nHost: a\r\n\r\n';
  idle.write(get);
  await once(idle, 'data');
  expect(got).toMatch(/^HTTP\/1\.1 200 .*\r\nConnection: keep-alive\r\n/s);

  await stop(program);

  expect(told(await ask(`${origin}/readyz`))).toBe('503 close');
  expect((await ask(`${origin}/readyz`)).json()).toEqual({ status: 'draining' });
  answerAll();
  expect((await Promise.all(early)).map(told)).toEqual(['200 close', '200 close']);
  expect(told(await ask(`${origin}/v1/item`))).toBe('200 close');
  expect(told(await ask(`${origin}/v1/order`, { method: 'POST', body }))).toBe('200 close');
  got = '';
  idle.write(get);
  await once(idle, 'close');
  expect(got).toMatch(/^HTTP\/1\.1 200 .*\r\nConnection: close\r\n/s);

  hold();
  const late = [ask(`${origin}/v1/item`), ask(`${origin}/v1/order`, { method: 'POST', body })];
  await upstream.arrived(6);
  await refused(origin);
  expect(program.child.exitCode).toBeNull();
  answerAll();
  expect((await Promise.all(late)).map(told)).toEqual(['200 close', '200 close']);
  expect(await program.ended).toBe(0);
});

test('every refusal says that it is the last answer of its connection', async () => {
  const { upstream, env, answerAll } = await holdAnswers();
  const program = await startListening({ ...env, CONFLUO_DRAIN_MS: '2000', CONFLUO_MAX_IN_FLIGHT: '1' }, files);
  const { origin } = program;
  const running = ask(`${origin}/v1/item`);
  await upstream.arrived(1);
  await stop(program);

  const answers = [
    await ask(`${origin}/v1/item`),
    await ask(`${origin}/v1/nothing`),
    await ask(`${origin}/v1/item`, { method: 'PUT', body: {} }),
    await ask(`${origin}/v1/order`, { method: 'POST', body: { count: 'x' } }),
    await ask(`${origin}/v1/order`, { method: 'POST', body: '{' }),
    await ask(`${origin}/v1/order`, { method: 'POST', body: {}, headers: { expect: 'the unexpected' } }),
    await ask(`${origin}/%`),
    await ask(`${origin}/?${'x'.repeat(9_000)}`),
  ];

  expect(answers.map(told)).toEqual([503, 404, 405, 400, 400, 417, 400, 414].map((status) => `${status} close`));
  expect(await askRaw(origin, 'no request\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 .*\r\nconnection: close\r\n/s);
  answerAll();
  expect(told(await running)).toBe('200 close');
});

test('idle and silent connections are left alone until nothing new is taken', async () => {
  const program = await startListening({ CONFLUO_DRAIN_MS: '600' });
  const port = Number(new URL(program.origin).port);
  const open = () => connect({ port, host: '127.0.0.1' });
  const [idle, silent] = [open(), open()];
  await once(silent, 'connect');
  idle.write('GET /livez HTTP/1.1\r\nHost: a\r\n\r\n');
  await once(idle, 'data');
  const closed = Promise.all([once(idle.resume(), 'close'), once(silent.resume(), 'close')]);
  const early = Promise.race([once(idle, 'close'), once(silent, 'close')]).then(() => performance.now());

  const stoppedAt = performance.now();
  await stop(program);

  expect((await early) - stoppedAt).toBeGreaterThan(590);
  await closed;
  expect(await program.ended).toBe(0);
});

test.each(['SIGTERM', 'SIGINT'] as const)('%s: of requests sent ahead, each gets its answer', async (signal) => {
  const { upstream, env, answerAll } = await holdAnswers();
  const program = await startListening({ ...env, CONFLUO_DRAIN_MS: '300' });
  const get = 'GET /v1/item HTTP/1.1\r\nHost: a\r\n\r\n';
  const got = askRaw(program.origin, get.repeat(3));
  await upstream.arrived(3);

  await stop(program, signal);
  if (signal === 'SIGINT') await refused(program.origin);
  answerAll();

  const answers = (await got).split('HTTP/1.1 ').slice(1);
  const said = answers.map((text) => `${text.slice(0, 3)} ${/\r\nconnection: (.*)\r\n/i.exec(text)?.[1]}`);
  expect(said).toEqual(['200 keep-alive', '200 keep-alive', '200 close']);
  expect(await program.ended).toBe(0);
});

test('SIGINT waits for nobody to notice', async () => {
  const program = await startListening({ CONFLUO_DRAIN_MS: '20000' });
  await stop(program, 'SIGINT');
  expect(await program.ended).toBe(0);
});

test.each(['SIGTERM', 'SIGINT'] as const)('a second signal, %s, ends it at once', async (signal) => {
  const program = await startListening({ CONFLUO_DRAIN_MS: '20000' });
  await stop(program);
  program.child.kill(signal);
  expect(await program.ended).toBe(1);
});

test('what still runs at the hard stop is cut off', async () => {
  const { upstream, env } = await holdAnswers();
  const program = await startListening({ ...env, CONFLUO_DRAIN_MS: '200', CONFLUO_STOP_MS: '600' });
  const gone = ask(`${program.origin}/v1/item`).catch(() => 'cut off');
  await upstream.arrived(1);

  await stop(program);

  expect(await program.ended).toBe(1);
  expect(await gone).toBe('cut off');
});
