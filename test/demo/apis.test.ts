import { countries } from 'countries-list';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toTimeZone } from '../../demo/apis/timezones.ts';
import { startUpstreams, type UpstreamName, type Upstreams } from '../../demo/upstreams.ts';

let upstreams: Upstreams;
beforeAll(async () => {
  upstreams = await startUpstreams();
});
afterAll(() => upstreams.close());

async function get(name: UpstreamName, path: string, method = 'GET') {
  const response = await fetch(`${upstreams.origins[name]}${path}`, { method });
  const text = await response.text();
  const type = response.headers.get('content-type');
  return { status: response.status, type, body: text === '' ? undefined : JSON.parse(text) };
}

describe('the embedded REST Countries', () => {
  it('answers a list of one country', async () => {
    expect(await get('countries', '/v3.1/alpha/NZ')).toEqual({
      status: 200,
      type: 'application/json; charset=utf-8',
      body: [
        {
          name: { common: 'New Zealand', nativeName: { eng: { common: 'New Zealand' } } },
          cca2: 'NZ',
          ccn3: '554',
          cca3: 'NZL',
          currencies: { NZD: { name: 'New Zealand Dollar', symbol: '$' } },
          idd: { root: '+6', suffixes: ['4'] },
          capital: ['Wellington'],
          region: 'Oceania',
          subregion: 'Australasia',
          languages: { eng: 'English', mri: 'Maori' },
          flag: '🇳🇿',
          population: 5_161_210,
          timezones: ['UTC+12:00', 'UTC+12:45'],
          continents: ['Oceania'],
          capitalInfo: { latlng: [-41.28664, 174.77557] },
        },
      ],
    });
  });

  it.each(['nz', 'NZL', '554'])('knows New Zealand as %s too', async (code) => {
    expect((await get('countries', `/v3.1/alpha/${code}`)).body[0].cca2).toBe('NZ');
  });

  it('leaves out what no data set has', async () => {
    const antarctica = (await get('countries', '/v3.1/alpha/AQ')).body[0];
    expect(antarctica).toMatchObject({ capital: [], capitalInfo: {}, currencies: {} });
    expect(antarctica.name).not.toHaveProperty('official');
  });

  it('has every country of the data sets that ISO has a number for', async () => {
    const codes = Object.keys(countries).filter((code) => code !== 'AC' && code !== 'TA');
    const answers = await Promise.all(codes.map((code) => get('countries', `/v3.1/alpha/${code}`)));
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    expect(answers.filter(({ body: [country] }) => !country.region || !country.flag)).toEqual([]);
  });

  it.each([
    ['ZZ', 404, { status: 404, message: 'Not Found' }],
    ['X', 400, { status: 400, message: 'Bad Request' }],
    ['LONG', 400, { status: 400, message: 'Bad Request' }],
  ])('refuses %s', async (code, status, body) => {
    expect(await get('countries', `/v3.1/alpha/${code}`)).toMatchObject({ status, body });
  });
});

describe('the embedded Nager.Date', () => {
  it('answers the holidays of a year, by date', async () => {
    const { status, body } = await get('holidays', '/api/v3/PublicHolidays/2026/NZ');
    expect(status).toBe(200);
    expect(body).toContainEqual({
      date: '2026-02-06',
      localName: 'Waitangi Day',
      name: 'Waitangi Day',
      countryCode: 'NZ',
      fixed: false,
      global: true,
      counties: null,
      launchYear: null,
      types: ['Public'],
    });
    const dates = body.map(({ date }: { readonly date: string }) => date);
    expect(dates).toEqual(dates.toSorted());
  });

  it('names holidays in the language of the country and in English', async () => {
    const { body } = await get('holidays', '/api/v3/PublicHolidays/2026/JP');
    expect(body).toContainEqual(
      expect.objectContaining({ date: '2026-11-23', localName: '勤労感謝の日', name: 'Labor Thanksgiving Day' }),
    );
  });

  it('lists each day of a holiday of several days', async () => {
    const { body } = await get('holidays', '/api/v3/PublicHolidays/2026/KR');
    const lunarNewYear = body.filter(({ date }: { readonly date: string }) => /^2026-02-1[789]$/.test(date));
    expect(new Set(lunarNewYear.map(({ date }: { readonly date: string }) => date)).size).toBe(3);
  });

  it.each([
    ['2026/ZZ', 404],
    ['2026/AQ', 204],
    ['2026', 404],
  ])('answers %s with %i and nothing', async (path, status) => {
    expect(await get('holidays', `/api/v3/PublicHolidays/${path}`)).toMatchObject({ status, body: undefined });
  });

  it.each(['abc', '99999', '2026.5'])('refuses the year %s', async (year) => {
    expect(await get('holidays', `/api/v3/PublicHolidays/${year}/NZ`)).toMatchObject({
      status: 400,
      type: 'application/problem+json; charset=utf-8',
      body: { status: 400, errors: { year: [`The value '${year}' is not valid.`] } },
    });
  });
});

describe('the embedded Frankfurter', () => {
  it('answers the rates of one day against the euro', async () => {
    const { body } = await get('rates', '/v1/latest');
    expect(body).toMatchObject({ amount: 1, base: 'EUR', date: expect.stringMatching(/^\d{4}-\d{2}-\d{2}$/) });
    expect(Object.keys(body.rates)).toHaveLength(29);
    expect(body.rates).not.toHaveProperty('EUR');
  });

  it('answers chosen rates against another base', async () => {
    const euro = (await get('rates', '/v1/latest')).body.rates;
    const { rates } = (await get('rates', '/v1/latest?base=usd&symbols=EUR,NZD,USD,XCD')).body;
    expect(Object.keys(rates)).toEqual(['EUR', 'NZD']);
    expect(rates.NZD).toBeCloseTo(euro.NZD / euro.USD, 3);
  });

  it.each(['base=XCD', 'symbols=XCD', 'base=BTC', 'symbols=EUR'])('does not find %s', async (query) => {
    expect(await get('rates', `/v1/latest?${query}`)).toMatchObject({ status: 404, body: { message: 'not found' } });
  });

  it('refuses a pair of one currency', async () => {
    const answer = await get('rates', '/v1/latest?base=EUR&symbols=EUR');
    expect(answer).toMatchObject({ status: 422, body: { message: 'bad currency pair' } });
  });
});

describe('the embedded Open-Meteo geocoding', () => {
  it('answers cities by name, exact matches first, the largest of them first', async () => {
    const { body } = await get('cities', '/v1/search?name=wellington&count=3&language=en&format=json');
    expect(body.results[0]).toEqual({
      id: 2_179_537,
      name: 'Wellington',
      latitude: -41.28664,
      longitude: 174.77557,
      feature_code: 'PPLC',
      country_code: 'NZ',
      timezone: 'Pacific/Auckland',
      population: 381_900,
      country: 'New Zealand',
    });
    expect(body.results).toHaveLength(3);
    expect(body.generationtime_ms).toBeGreaterThan(0);
  });

  it('counts before it filters by country, as the API does', async () => {
    const path = '/v1/search?name=Wellington&countryCode=GB';
    expect((await get('cities', `${path}&count=1`)).body).not.toHaveProperty('results');
    expect((await get('cities', `${path}&count=100`)).body.results[0]).toMatchObject({ country_code: 'GB' });
  });

  it.each([
    ['Astana', 'KZ'],
    ["Saint George's", 'GD'],
    ['panama city', 'PA'],
  ])('finds the capital %s, whatever the data set calls it', async (name, country) => {
    const { body } = await get(
      'cities',
      `/v1/search?name=${encodeURIComponent(name)}&count=100&countryCode=${country}`,
    );
    expect(body.results).toContainEqual(expect.objectContaining({ feature_code: 'PPLC' }));
  });

  it.each(['Zzzyx', 'W', ''])('answers no results for "%s"', async (name) => {
    const { status, body } = await get('cities', `/v1/search?name=${name}`);
    expect([status, Object.keys(body)]).toEqual([200, ['generationtime_ms']]);
  });

  it.each(['count=0', 'count=101', 'count=x', 'count='])('refuses %s', async (query) => {
    expect(await get('cities', `/v1/search?name=Berlin&${query}`)).toMatchObject({
      status: 400,
      body: { error: true, reason: 'Parameter count must be between 1 and 100.' },
    });
  });

  it('refuses a search for nothing', async () => {
    expect(await get('cities', '/v1/search')).toMatchObject({ status: 400, body: { error: true } });
  });
});

describe('the embedded sunrise-sunset.org', () => {
  const wellington = 'lat=-41.28664&lng=174.77557&formatted=0';

  it('answers the times of a day at a place, in the time zone that was asked for', async () => {
    const { body } = await get('sun', `/json?${wellington}&date=2026-02-06&tzid=Pacific/Auckland`);
    expect(body).toMatchObject({ status: 'OK', tzid: 'Pacific/Auckland' });
    expect(body.results.sunrise).toMatch(/^2026-02-06T06:3\d:\d\d\+13:00$/);
    expect(Date.parse(body.results.sunset) - Date.parse(body.results.sunrise)).toBe(body.results.day_length * 1_000);
    expect(Object.keys(body.results)).toHaveLength(10);
  });

  it('answers in UTC by default, for today by default', async () => {
    const { body } = await get('sun', `/json?${wellington}`);
    expect(body).toMatchObject({ status: 'OK', tzid: 'UTC' });
    expect(Math.abs(Date.parse(body.results.solar_noon) - Date.now())).toBeLessThan(2 * 86_400_000);
  });

  it.each([
    ['lat=x&lng=0&formatted=0', 'INVALID_REQUEST'],
    ['lat=91&lng=0&formatted=0', 'INVALID_REQUEST'],
    ['lat=0&formatted=0', 'INVALID_REQUEST'],
    [`${wellington}&date=2026-02-30`, 'INVALID_DATE'],
    [`${wellington}&date=soon`, 'INVALID_DATE'],
    [`${wellington}&tzid=Mars/Base`, 'INVALID_TZID'],
  ])('refuses %s', async (query, status) => {
    expect(await get('sun', `/json?${query}`)).toMatchObject({ status: 400, body: { results: '', status } });
  });
});

describe('the embedded TimeAPI.io', () => {
  it('answers the time zone at a place', async () => {
    const { body } = await get('timezones', '/api/timezone/coordinate?latitude=35.6895&longitude=139.69171');
    expect(body).toMatchObject({
      timeZone: 'Asia/Tokyo',
      currentUtcOffset: { seconds: 32_400, milliseconds: 32_400_000, ticks: 324_000_000_000 },
      hasDayLightSaving: false,
      isDayLightSavingActive: false,
    });
    const drift = Date.parse(`${body.currentLocalTime}+09:00`) - Date.now();
    expect(Math.abs(drift)).toBeLessThan(10_000);
  });

  it.each([
    ['Pacific/Auckland', '2026-02-06T00:00:00Z', '2026-02-06T13:00:00', 46_800, 43_200, true],
    ['Pacific/Auckland', '2026-07-06T00:00:00Z', '2026-07-06T12:00:00', 43_200, 43_200, false],
    ['America/St_Johns', '2026-02-06T00:00:00Z', '2026-02-05T20:30:00', -12_600, -12_600, false],
    ['Europe/London', '2026-07-06T00:00:00Z', '2026-07-06T01:00:00', 3_600, 0, true],
  ])('knows %s at %s', (timeZone, at, local, current, standard, isActive) => {
    expect(toTimeZone(timeZone, new Date(at))).toMatchObject({
      currentLocalTime: local,
      currentUtcOffset: { seconds: current },
      standardUtcOffset: { seconds: standard },
      hasDayLightSaving: true,
      isDayLightSavingActive: isActive,
    });
  });

  it.each([
    ['latitude=91&longitude=0', 'latitude'],
    ['latitude=0', 'longitude'],
  ])('refuses %s', async (query, field) => {
    const answer = await get('timezones', `/api/timezone/coordinate?${query}`);
    expect(answer).toMatchObject({ status: 400, body: { errors: { [field]: [expect.any(String)] } } });
  });
});

describe('every embedded API', () => {
  it.each<UpstreamName>(['countries', 'holidays', 'rates', 'cities', 'sun', 'timezones'])(
    '%s takes GET only, and knows its paths',
    async (name) => {
      expect((await get(name, '/', 'POST')).status).toBe(405);
      expect((await get(name, '/nowhere')).status).toBeGreaterThanOrEqual(400);
    },
  );
});
