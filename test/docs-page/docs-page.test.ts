import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePort, waitFor } from '../support/process.ts';

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const isRequired = process.env['REQUIRE_CHROMIUM'] === '1';
const canRun = isRequired || existsSync(executablePath);
if (!canRun) {
  console.warn(
    `NOT RUN: the test of the /docs page needs Chromium, and there is none at ${executablePath} (CHROMIUM=path).`,
  );
}

describe.runIf(canRun)('the /docs page in a browser', { timeout: 60_000 }, () => {
  const stops: (() => Promise<unknown>)[] = [];
  let origin: string;
  let browser: Browser;

  beforeAll(async () => {
    origin = await startDemo(stops);
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-background-networking'] });
    stops.push(() => browser.close());
  }, 60_000);

  afterAll(async () => {
    for (const stop of stops.reverse()) await stop();
  });

  it('shows an operation, and what the server answers to "Try it out"', async () => {
    const page = await browser.newPage({ viewport: { width: 1280, height: 1600 } });
    const complaints = listen(page);
    await page.goto(`${origin}/docs`);

    const operation = page.locator('.opblock', { hasText: '/v1/countries/{code}/briefing' });
    await operation.locator('.opblock-summary-control').click();
    await operation.getByRole('button', { name: 'Try it out' }).click();
    await operation.getByPlaceholder('code').fill('DE');
    await operation.getByRole('button', { name: 'Execute' }).click();

    const answer = operation.locator('.live-responses-table .response');
    await answer.getByText('Response body').waitFor();
    if (process.env['SCREENSHOT']) await page.screenshot({ path: process.env['SCREENSHOT'] });
    expect(await answer.locator('.response-col_status').innerText()).toContain('200');
    const body = await answer.locator('.highlight-code').first().innerText();
    expect(body).toContain('"complete": true');
    expect(body).toContain('"status": "ok"');
    expect(complaints).toEqual([]);
  });
});

/** `npm start` on a port of its own: the demo with its embedded upstreams. */
async function startDemo(stops: (() => Promise<unknown>)[]): Promise<string> {
  const root = join(import.meta.dirname, '../..');
  const port = await findFreePort();
  const program = spawn(process.execPath, ['demo/start.ts'], {
    cwd: root,
    env: { ...process.env, PORT: String(port), CONFLUO_LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  stops.push(async () => program.kill('SIGTERM'));
  const said: string[] = [];
  program.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  const origin = `http://127.0.0.1:${port}`;
  try {
    await waitFor(async () => (await fetch(`${origin}/readyz`)).ok, program);
  } catch (cause) {
    throw new Error(said.join(''), { cause });
  }
  return origin;
}

/** Collects what the page complains about: errors, refusals of the content security policy, foreign addresses. */
function listen(page: Page): readonly string[] {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('request', (request) => {
    if (!/^(http:\/\/127\.0\.0\.1:|data:)/.test(request.url())) complaints.push(`foreign: ${request.url()}`);
  });
  return complaints;
}
