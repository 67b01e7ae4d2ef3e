import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { findLine, good, provider, type Running, route, start, startListening } from './program.ts';
import { ask, startUpstream } from './setup.ts';

/**
 * The upstream is told which worker asks, and may take as long as a worker takes to start. While the file BROKEN is there, nothing
 * can be loaded.
 */
const request = "request: () => ({ path: path`/item`, headers: { 'x-worker': String(process.pid) } })";
const files = {
  'routes/item.ts': route(undefined, 'deadline: 60_000'),
  'providers/shop.ts': `
    ${provider().replace('request: () => ({ path: path`/item` })', `policies: [], ${request}`)}
    import { existsSync } from 'node:fs';
    if (existsSync(process.env['BROKEN'] ?? '')) throw new Error('broken');
  `,
};
const two = { CONFLUO_WORKERS: '2' };

/** Long: every test starts several processes, which take as long as the machine lets them. */
vi.setConfig({ testTimeout: 60_000 });

/** An upstream that holds what each worker asks until it is released. */
async function holdAnswers() {
  const held: ServerResponse[] = [];
  const upstream = await startUpstream((response) => void held.push(response));
  const pids = () => upstream.seen.map(({ headers }) => Number(headers['x-worker']));
  return {
    env: { ...two, CONFLUO_UPSTREAM_MY_SHOP_ORIGIN: upstream.origin },
    pids,
    /** Asks on many connections, until every one of so many workers has some of them. */
    async askAll({ origin }: Running, workers = 2) {
      const answers: Promise<number>[] = [];
      const before = upstream.seen.length;
      while (new Set(pids()).size < workers) {
        for (let i = 0; i < 10; i += 1) {
          answers.push(
            ask(`${origin}/v1/item`).then(
              ({ status }) => status,
              () => 0,
            ),
          );
        }
        await upstream.arrived(before + answers.length);
      }
      return answers;
    },
    answerAll() {
      for (const response of held.splice(0)) response.writeHead(200, { 'content-type': 'application/json' }).end('1');
    },
  };
}

const linesOf = ({ lines }: Running, msg: string) => lines.filter((line) => line['msg'] === msg);

/** Until the program has written so many lines with this message. */
const written = (program: Running, msg: string, count: number) =>
  vi.waitFor(() => expect(linesOf(program, msg).length).toBeGreaterThanOrEqual(count), {
    timeout: 25_000,
    interval: 20,
  });

const startTwo = async (env: Readonly<Record<string, string>>) => {
  const program = await startListening(env, files);
  await written(program, 'listening', 2);
  return program;
};

test('two workers answer on one port; one that is killed takes its own requests along, and another one comes', async () => {
  const { env, pids, askAll, answerAll } = await holdAnswers();
  const program = await startTwo(env);
  const answers = await askAll(program);
  const before = new Set(pids());
  expect(before).not.toContain(program.child.pid);
  const [victim = 0] = before;
  const lost = pids().filter((pid) => pid === victim).length;

  process.kill(victim, 'SIGKILL');
  await written(program, 'listening', 3);
  answerAll();

  const statuses = await Promise.all(answers);
  expect(statuses.filter((status) => status === 0)).toHaveLength(lost);
  expect(statuses.filter((status) => status === 200)).toHaveLength(statuses.length - lost);
  expect(linesOf(program, 'worker ended, starting another')).toMatchObject([
    { pid: program.child.pid, worker: victim, signal: 'SIGKILL', pauseMs: 0 },
  ]);
  const more = await askAll(program, 3);
  answerAll();
  expect(new Set(await Promise.all(more))).toEqual(new Set([200]));
  expect(linesOf(program, 'listening').map(({ pid }) => pid)).toEqual(expect.arrayContaining([...new Set(pids())]));
});

test.each([
  ['SIGTERM', 'to the parent'],
  ['SIGINT', 'to the parent'],
  ['SIGINT', 'to all, as a terminal sends it'],
] as const)('%s %s drains all workers, and what runs is finished', async (signal, to) => {
  const { env, pids, askAll, answerAll } = await holdAnswers();
  const program = await startTwo({ ...env, CONFLUO_DRAIN_MS: '2000' });
  const answers = await askAll(program);

  program.child.kill(signal);
  if (to !== 'to the parent') for (const pid of new Set(pids())) process.kill(pid, signal);
  await written(program, 'draining', 2);
  if (signal === 'SIGTERM') {
    const ready = await Promise.all(Array.from({ length: 10 }, () => ask(`${program.origin}/readyz`)));
    expect(new Set(ready.map(({ status, headers }) => `${status} ${headers.connection}`))).toEqual(
      new Set(['503 close']),
    );
  }
  answerAll();

  expect(new Set(await Promise.all(answers))).toEqual(new Set([200]));
  expect(await program.ended).toBe(0);
  expect(linesOf(program, 'stopped')).toHaveLength(2);
  expect(program.lines.at(-1)).toMatchObject({ msg: 'workers stopped', pid: program.child.pid });
  expect(program.errors()).toBe('');
});

test('what still runs at the hard stop is cut off, and the parent says so', async () => {
  const { env, askAll } = await holdAnswers();
  const program = await startTwo({ ...env, CONFLUO_STOP_MS: '500' });
  const answers = await askAll(program);
  program.child.kill('SIGTERM');
  expect(await program.ended).toBe(1);
  expect(new Set(await Promise.all(answers))).toEqual(new Set([0]));
});

test('a second signal ends them all at once', async () => {
  const program = await startTwo({ ...two, CONFLUO_DRAIN_MS: '20000' });
  program.child.kill('SIGTERM');
  await written(program, 'draining', 2);
  program.child.kill('SIGTERM');
  expect(await program.ended).toBe(1); // which is when the last of them has let go of the output
});

test('workers whose parent was killed finish what runs, and end', async () => {
  const { env, askAll, answerAll } = await holdAnswers();
  const program = await startTwo({ ...env, CONFLUO_DRAIN_MS: '20000' });
  const answers = await askAll(program);

  program.child.kill('SIGKILL');
  await written(program, 'draining', 2);
  answerAll();

  expect(new Set(await Promise.all(answers))).toEqual(new Set([200]));
  expect(await program.ended).toBeNull();
});

test('one that keeps dying at its start is started again after longer and longer pauses', async () => {
  const broken = join(tmpdir(), `confluo-broken-${process.pid}`);
  onTestFinished(() => rmSync(broken, { force: true }));
  const program = await startTwo({ ...two, BROKEN: broken });
  const last = linesOf(program, 'listening').at(-1);
  writeFileSync(broken, '');

  process.kill(Number(last?.['pid']), 'SIGKILL');
  await written(program, 'worker ended, starting another', 4);
  rmSync(broken);
  await written(program, 'listening', 3);

  const pauses = linesOf(program, 'worker ended, starting another').map(({ pauseMs }) => pauseMs);
  expect(pauses.slice(0, 4)).toEqual([0, 250, 500, 1_000]);
  expect(existsSync(broken)).toBe(false);
  expect((await ask(`${program.origin}/livez`)).status).toBe(200);
});

test.each([
  ['an unknown key', { CONFLUO_COLOUR: 'red' }, 78, /^confluo: CONFLUO_COLOUR is not a known key\n$/],
  ['no folder', { CONFLUO_APP_DIR: 'nowhere' }, 78, /^confluo: no routes found: .*nowhere.*\n$/],
  ['an origin of nothing', { CONFLUO_UPSTREAM_OTHER_ORIGIN: 'http://a' }, 78, /^confluo: .*"other".*\n$/],
  ['a host that is none', { HOST: '192.0.2.1' }, 69, /^confluo: port 0 on 192\.0\.2\.1 cannot be .*\n$/],
])('what keeps them from starting is said once: %s', async (_name, env, code, line) => {
  const { ended, errors, lines } = await start(good, { ...env, CONFLUO_WORKERS: '4' });
  expect({ code: await ended, errors: errors() }).toEqual({ code, errors: expect.stringMatching(line) });
  expect(lines).toEqual([]);
});

test('and so is a port in use', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const { ended, errors } = await start(good, { ...two, PORT: String(port) });
  expect(await ended).toBe(69);
  expect(errors()).toBe(`confluo: port ${port} on 127.0.0.1 is in use; PORT and HOST say where to listen\n`);
});

test('one worker is the process itself', async () => {
  const program = await startListening({ CONFLUO_WORKERS: '1' });
  expect(await findLine(program, 'listening')).toMatchObject({ pid: program.child.pid });
});
