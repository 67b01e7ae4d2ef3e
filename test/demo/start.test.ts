import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { type Demo, spawnDemo } from '../support/demo.ts';
import { findFreePort, waitFor } from '../support/process.ts';

let program: ChildProcess | undefined;
afterEach(() => program?.kill('SIGKILL'));

function start(env: Readonly<Record<string, string>>) {
  const demo = spawnDemo(env);
  program = demo.program;
  return demo;
}

async function stop({ program, said }: Demo) {
  program.kill('SIGTERM');
  const [code] = await once(program, 'close');
  expect(code).toBe(0);
  return said();
}

async function brief(origin: string) {
  const answer = await fetch(`${origin}/v1/countries/NZ/briefing?date=2026-02-01`);
  return JSON.parse(await answer.text());
}

describe('npm start', () => {
  it('serves the routes on embedded upstreams, says how to hurt them, and ends when it is told to', async () => {
    const demo = start({});
    const origin = await demo.origin();
    await waitFor(async () => (await brief(origin)).complete, demo.program);
    expect((await brief(origin)).data.capital.name).toBe('Wellington');

    const guide = await stop(demo);
    expect(guide).toMatch(/holidays +http:\/\/127\.0\.0\.1:\d+/);
    expect(guide).toMatch(/curl -X PUT 'http:\/\/127\.0\.0\.1:\d+\/holidays\?mode=slow&ms=3000'/);
  }, 60_000);

  it('leaves upstreams alone that have an origin already', async () => {
    const taken = `http://127.0.0.1:${await findFreePort()}`;
    const demo = start({ CONFLUO_UPSTREAM_HOLIDAYS_ORIGIN: taken });
    const origin = await demo.origin();
    await waitFor(async () => (await brief(origin)).sources.holidays.code === 'unreachable', demo.program);
    expect(await stop(demo)).not.toMatch(/holidays +http/);
  }, 60_000);

  it('embeds countries alone for live upstreams, which have no public v3.1 any more', async () => {
    const demo = start({ CONFLUO_UPSTREAMS: 'live' });
    await demo.origin();
    const origins = (await stop(demo)).match(/^ {2}(?!curl)\w+ +http:.*$/gm);
    expect(origins).toEqual([expect.stringMatching(/countries +http:\/\/127\.0\.0\.1/)]);
  }, 60_000);

  it('refuses upstreams of a kind that it does not know', async () => {
    const { program, said } = start({ CONFLUO_UPSTREAMS: 'imaginary' });
    const [code] = await once(program, 'close');
    expect(code).toBe(78);
    expect(said()).toContain('CONFLUO_UPSTREAMS');
  }, 60_000);
});
