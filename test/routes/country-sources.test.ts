import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { answerCountries } from '../../demo/apis/countries.ts';
import { answerHolidays } from '../../demo/apis/holidays.ts';
import { upstreamNames } from '../../demo/upstreams.ts';
import route from '../../routes/country-sources.ts';
import { type RouteApp, startRouteApp } from './app.ts';

let app: RouteApp;
beforeAll(async () => {
  app = await startRouteApp(route, upstreamNames);
});
afterEach(() => app.heal());
afterAll(() => app.close());

describe('GET /v1/countries/:code/sources', () => {
  it('passes every answer on as its upstream sent it', async () => {
    const { statusCode, body } = await app.inject('/v1/countries/NZ/sources?date=2026-02-01&base=USD');
    expect(statusCode).toBe(200);
    const sent = (answer: { readonly body?: unknown }) => JSON.stringify(answer.body);
    expect(body).toContain(`"country":${sent(answerCountries(new URL('http://x/v3.1/alpha/NZ')))},`);
    expect(body).toContain(`"holidays":${sent(answerHolidays(new URL('http://x/api/v3/PublicHolidays/2026/NZ')))},`);
    const { data, complete } = JSON.parse(body);
    expect(Object.keys(data)).toEqual(['country', 'holidays', 'rates', 'city', 'time', 'sun']);
    expect(data).toMatchObject({
      rates: { base: 'USD', amount: 1 },
      city: { results: [{ name: 'Wellington', country_code: 'NZ' }] },
      time: { timeZone: 'Pacific/Auckland' },
      sun: { status: 'OK', tzid: 'Pacific/Auckland' },
    });
    expect(complete).toBe(true);
  });

  it('has null for a source that failed', async () => {
    await app.hurt('holidays', 'mode=truncated');
    const { data, complete, sources } = (await app.inject('/v1/countries/NZ/sources')).json();
    expect([data.holidays, complete, sources.holidays.status]).toEqual([null, false, 'failed']);
  });

  it('does not find what is no country', async () => {
    expect((await app.inject('/v1/countries/ZZ/sources')).statusCode).toBe(404);
  });
});
