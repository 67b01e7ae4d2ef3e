import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { upstreamNames } from '../../demo/upstreams.ts';
import route from '../../routes/country-briefing.ts';
import { type RouteApp, startRouteApp } from './app.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const [, url = ''] = /curl 'http:\/\/127\.0\.0\.1:3000(\/[^']+)'/.exec(readme) ?? [];
const [, shown = ''] = /```json\n([\s\S]+?)```/.exec(readme) ?? [];

let app: RouteApp;
beforeAll(async () => {
  app = await startRouteApp(route, upstreamNames);
});
afterAll(() => app.close());

/** What is another at each call: durations, and the time of day. */
const changing = ['durationMs', 'now', 'isDaylightSaving'];
const parse = (answer: string): unknown =>
  JSON.parse(answer, (key, value) => (changing.includes(key) ? typeof value : value));

test('the first answer that README shows is what the first curl prints', async () => {
  const answer = await app.inject(url);
  expect(parse(answer.body)).toEqual(parse(shown));
});
