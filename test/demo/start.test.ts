import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { findFreePort, waitFor } from '../support/process.ts';

const root = join(import.meta.dirname, '../..');
let program: ChildProcess | undefined;
afterEach(() => program?.kill('SIGKILL'));

/** Starts `npm start` without npm. What it says on standard error is there once it has ended. */
function start(env: Readonly<Record<string, string>>) {
  const started = spawn(process.execPath, ['demo/start.ts'], {
    cwd: root,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  program = started;
  return { started, said: text(started.stderr) };
}

describe('npm start', () => {
  it('serves the routes on embedded upstreams, says how to hurt them, and ends when it is told to', async () => {
    const port = await findFreePort();
    const { started, said } = start({ PORT: String(port) });
    const url = `http://127.0.0.1:${port}/v1/countries/NZ/briefing?date=2026-02-01`;
    const brief = async () => JSON.parse(await (await fetch(url)).text());
    await waitFor(async () => (await brief()).complete === true, started);
    expect((await brief()).data.capital.name).toBe('Wellington');

    started.kill('SIGTERM');
    const [code] = await once(started, 'exit');
    expect(code).toBe(0);

    const guide = await said;
    expect(guide).toMatch(/holidays +http:\/\/127\.0\.0\.1:\d+/);
    expect(guide).toMatch(/curl -X PUT 'http:\/\/127\.0\.0\.1:\d+\/holidays\?mode=slow&ms=3000'/);
  }, 60_000);

  it('leaves upstreams alone that have an origin already', async () => {
    const port = await findFreePort();
    const taken = `http://127.0.0.1:${await findFreePort()}`;
    const { started, said } = start({ PORT: String(port), CONFLUO_UPSTREAM_HOLIDAYS_ORIGIN: taken });
    const url = `http://127.0.0.1:${port}/v1/countries/NZ/briefing?date=2026-02-01`;
    const brief = async () => JSON.parse(await (await fetch(url)).text());
    await waitFor(async () => (await brief()).sources.holidays.code === 'unreachable', started);
    started.kill('SIGTERM');
    await once(started, 'exit');
    expect(await said).not.toMatch(/holidays +http/);
  }, 60_000);

  it('embeds countries alone for live upstreams, which have no public v3.1 any more', async () => {
    const port = await findFreePort();
    const { started, said } = start({ PORT: String(port), CONFLUO_UPSTREAMS: 'live' });
    await waitFor(async () => (await fetch(`http://127.0.0.1:${port}/openapi.json`)).ok, started);
    started.kill('SIGTERM');
    await once(started, 'exit');
    const origins = (await said).match(/^ {2}(?!curl)\w+ +http:.*$/gm);
    expect(origins).toEqual([expect.stringMatching(/countries +http:\/\/127\.0\.0\.1/)]);
  }, 60_000);

  it('refuses upstreams of a kind that it does not know', async () => {
    const { started, said } = start({ CONFLUO_UPSTREAMS: 'imaginary' });
    const [code] = await once(started, 'exit');
    expect(code).toBe(78);
    expect(await said).toContain('CONFLUO_UPSTREAMS');
  }, 60_000);
});
