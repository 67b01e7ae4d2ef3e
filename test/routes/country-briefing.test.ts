import { Check } from 'typebox/value';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { upstreamNames } from '../../demo/upstreams.ts';
import route from '../../routes/country-briefing.ts';
import { type RouteApp, startRouteApp } from './app.ts';

let app: RouteApp;
beforeAll(async () => {
  app = await startRouteApp(route, upstreamNames);
});
afterEach(() => app.heal());
afterAll(() => app.close());

async function brief(path: string) {
  const response = await app.inject(`/v1/countries/${path}`);
  return { status: response.statusCode, headers: response.headers, ...response.json() };
}

describe('GET /v1/countries/:code/briefing', () => {
  it('tells a traveller what there is to know', async () => {
    const { status, data, complete } = await brief('NZ/briefing?base=USD&date=2026-02-01');
    expect([status, complete]).toEqual([200, true]);
    expect(data).toMatchObject({
      code: 'NZ',
      name: 'New Zealand',
      flag: '🇳🇿',
      region: 'Oceania',
      languages: ['English', 'Maori'],
      callingCodes: ['+64'],
      capital: { name: 'Wellington', latitude: -41.28664, longitude: 174.77557, population: 381_900 },
      clock: { timeZone: 'Pacific/Auckland' },
      sun: { date: '2026-02-01' },
      money: { base: 'USD', currencies: [{ code: 'NZD', name: 'New Zealand Dollar', symbol: '$' }] },
    });
    expect(data.sun.sunrise).toMatch(/^2026-02-01T06:2\d:\d\d\+13:00$/);
    expect(data.money.currencies[0].rate).toBeGreaterThan(1);
    expect(data.holidays).toHaveLength(5);
    expect(data.holidays[0]).toEqual({ date: '2026-02-06', name: 'Waitangi Day', localName: 'Waitangi Day' });
  });

  it('answers what its contract says', async () => {
    const { data } = await brief('JP/briefing?date=2026-02-01');
    expect(route.payload && Check(route.payload, data)).toBe(true);
  });

  it('takes the code in either case, the euro and today where nobody says otherwise', async () => {
    const { data } = await brief('jp/briefing');
    expect(data).toMatchObject({
      code: 'JP',
      money: { base: 'EUR' },
      sun: { date: new Date().toISOString().slice(0, 10) },
    });
  });

  it('looks into the next year for those who arrive late in the year', async () => {
    const { data, sources } = await brief('NZ/briefing?date=2026-12-28');
    expect(data.holidays[0].date).toBe('2026-12-28');
    expect(data.holidays[1]).toMatchObject({ date: '2027-01-01', name: "New Year's Day" });
    expect(sources.holidaysNextYear.status).toBe('ok');
  });

  it('does not ask for the next year before', async () => {
    const { sources, complete } = await brief('NZ/briefing?date=2026-10-31');
    expect(sources.holidaysNextYear).toMatchObject({ status: 'skipped', because: 'condition', attempts: 0 });
    expect(complete).toBe(true);
  });

  it("knows the rate of a country's own currency, and of one that nobody publishes", async () => {
    expect((await brief('DE/briefing?base=EUR')).data.money.currencies).toEqual([
      { code: 'EUR', name: 'Euro', symbol: '€', rate: 1 },
    ]);
    const grenada = await brief('GD/briefing');
    expect(grenada.data.money.currencies).toMatchObject([{ code: 'XCD', rate: null }]);
    expect(grenada.complete).toBe(true);
  });

  it('is partial for a base that nobody publishes', async () => {
    const { data, complete, sources } = await brief('NZ/briefing?base=XCD');
    expect(data.money).toMatchObject({ base: 'XCD', asOf: null, currencies: [{ code: 'NZD', rate: null }] });
    expect([complete, sources.rates.code]).toEqual([false, 'not_found']);
  });

  it('knows polar nights', async () => {
    const { data } = await brief('SJ/briefing?date=2026-12-21');
    expect(data.sun).toEqual({ date: '2026-12-21', sunrise: null, sunset: null, daylightMinutes: 0 });
  });

  it('does not ask about a capital where there is none', async () => {
    const { status, data, sources } = await brief('AQ/briefing?date=2026-02-01');
    expect(status).toBe(200);
    expect(data).toMatchObject({ name: 'Antarctica', capital: null, clock: null, sun: null });
    expect([sources.city, sources.time]).toMatchObject([
      { status: 'skipped', because: 'condition' },
      { status: 'skipped', because: 'condition' },
    ]);
    expect(sources.sun).toMatchObject({ status: 'skipped', because: 'city' });
  });

  it.each([
    ['rates', 'mode=error', { money: { asOf: null, currencies: [{ code: 'NZD', rate: null }] } }, 'upstream_error'],
    ['holidays', 'mode=garbage', { holidays: null }, 'invalid_response'],
    ['timezones', 'mode=reset', { clock: null }, 'unreachable'],
    ['sun', 'mode=limited', { sun: null }, 'rate_limited'],
  ] as const)('goes without %s when that has %s', async (name, query, data, code) => {
    await app.hurt(name, query);
    const answer = await brief('NZ/briefing?date=2026-02-01');
    expect(answer).toMatchObject({ status: 200, complete: false, data: { name: 'New Zealand', ...data } });
    const source = name === 'timezones' ? 'time' : name;
    expect(answer.sources[source]).toMatchObject({ status: 'failed', code });
    expect(answer.headers['x-aggregate-complete']).toBe('false');
  });

  it('goes without sunrise when it cannot find the capital', async () => {
    await app.hurt('cities', 'mode=refuse');
    const { data, sources } = await brief('NZ/briefing?date=2026-02-01');
    expect(data).toMatchObject({ capital: { name: 'Wellington', latitude: null, population: null }, sun: null });
    expect(data.clock.timeZone).toBe('Pacific/Auckland');
    expect([sources.city.code, sources.sun]).toMatchObject(['unreachable', { status: 'skipped', because: 'city' }]);
  });

  it('cannot go without the country', async () => {
    await app.hurt('countries', 'mode=error&status=503');
    expect(await brief('NZ/briefing')).toMatchObject({ status: 502, source: 'country', code: 'upstream_error' });
  });

  it('does not find what is no country', async () => {
    expect(await brief('ZZ/briefing')).toMatchObject({ status: 404, source: 'country', code: 'not_found' });
  });

  it.each([
    'NZL/briefing',
    'N1/briefing',
    'NZ/briefing?base=usd',
    'NZ/briefing?date=2026-13-01',
    'NZ/briefing?date=soon',
  ])('refuses %s', async (path) => {
    expect((await brief(path)).status).toBe(400);
  });
});
