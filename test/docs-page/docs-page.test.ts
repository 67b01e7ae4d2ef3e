import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { spawnDemo } from '../support/demo.ts';

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const isRequired = process.env['REQUIRE_CHROMIUM'] === '1';
const canRun = isRequired || existsSync(executablePath);
if (!canRun) {
  console.warn(
    `NOT RUN: the test of the /docs page needs Chromium, and there is none at ${executablePath} (CHROMIUM=path).`,
  );
}

/** A name that leads to loopback, which browsers do not know: there, they would not upgrade its files to HTTPS. */
const host = 'confluo.test';

describe.runIf(canRun).each([
  ['as it is', {}],
  ['with everything on at the edge', { CONFLUO_SECURITY_HEADERS: 'on', CONFLUO_COMPRESSION: 'on', CONFLUO_ETAG: 'on' }],
])('the /docs page in a browser, %s', { timeout: 60_000 }, (_name, env) => {
  const stops: (() => Promise<unknown>)[] = [];
  let origin: string;
  let browser: Browser;

  beforeAll(async () => {
    const demo = spawnDemo(env);
    stops.push(async () => demo.program.kill('SIGTERM'));
    const { port } = new URL(await demo.origin());
    origin = `http://${host}:${port}`;
    browser = await chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--disable-background-networking', `--host-resolver-rules=MAP ${host} 127.0.0.1`],
    });
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

/** What Chromium says of a header that counts over HTTPS only. */
const ofPlainHttp = /^The Cross-Origin-Opener-Policy header has been ignored/;

/** Collects what the page complains about: errors, refusals of the content security policy, foreign addresses. */
function listen(page: Page): readonly string[] {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !ofPlainHttp.test(message.text())) complaints.push(message.text());
  });
  page.on('request', (request) => {
    if (!/^(http:\/\/confluo\.test:|data:)/.test(request.url())) complaints.push(`foreign: ${request.url()}`);
  });
  return complaints;
}
