import { Check } from 'typebox/value';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import route from '../../routes/trips.ts';
import { type RouteApp, startRouteApp } from './app.ts';

let app: RouteApp;
beforeAll(async () => {
  app = await startRouteApp(route, ['countries', 'holidays', 'rates']);
});
afterEach(() => app.heal());
afterAll(() => app.close());

async function plan(payload: object) {
  const response = await app.inject({ method: 'POST', url: '/v1/trips', payload });
  return { status: response.statusCode, ...response.json() };
}

describe('POST /v1/trips', () => {
  it('plans a trip through three countries', async () => {
    const { status, data, complete } = await plan({ base: 'EUR', year: 2026, countries: ['NZ', 'DE', 'FR'] });
    expect([status, complete]).toEqual([200, true]);
    expect(data.stops.map(({ name }: { readonly name: string }) => name)).toEqual(['New Zealand', 'Germany', 'France']);
    expect(data.money.currencies).toMatchObject([
      { code: 'NZD', countries: ['NZ'], rate: expect.any(Number) },
      { code: 'EUR', countries: ['DE', 'FR'], rate: 1 },
    ]);
    expect(data.calendar).toContainEqual({
      date: '2026-02-06',
      country: 'NZ',
      name: 'Waitangi Day',
      localName: 'Waitangi Day',
    });
    expect(data.calendar).toContainEqual(expect.objectContaining({ date: '2026-07-14', country: 'FR' }));
    const dates = data.calendar.map(({ date }: { readonly date: string }) => date);
    expect(dates).toEqual(dates.toSorted());
    expect(data.calendar).toHaveLength(
      data.stops.reduce((sum: number, { daysOff }: { readonly daysOff: number }) => sum + daysOff, 0),
    );
  });

  it('answers what its contract says', async () => {
    const { data } = await plan({ base: 'EUR', year: 2026, countries: ['JP', 'KR'] });
    expect(route.payload && Check(route.payload, data)).toBe(true);
  });

  it('leaves the sources of missing stops alone', async () => {
    const { data, complete, sources } = await plan({ base: 'USD', year: 2026, countries: ['JP'] });
    expect([data.stops.length, complete]).toEqual([1, true]);
    for (const name of ['country2', 'holidays2', 'country3', 'holidays3']) {
      expect(sources[name]).toMatchObject({ status: 'skipped', because: 'condition', attempts: 0 });
    }
  });

  it('goes without holidays and rates', async () => {
    await app.hurt('holidays', 'mode=error');
    await app.hurt('rates', 'mode=refuse');
    const { status, data, complete } = await plan({ base: 'EUR', year: 2026, countries: ['NZ', 'DE'] });
    expect([status, complete]).toEqual([200, false]);
    expect(data.stops).toMatchObject([{ daysOff: null }, { daysOff: null }]);
    expect(data).toMatchObject({ calendar: [], money: { asOf: null, currencies: [{ rate: null }, { rate: null }] } });
  });

  it('does not find a trip to what is no country', async () => {
    const answer = await plan({ base: 'EUR', year: 2026, countries: ['NZ', 'ZZ'] });
    expect(answer).toMatchObject({ status: 404, source: 'country2', code: 'not_found' });
  });

  it.each([
    ['nothing', {}],
    ['no country', { base: 'EUR', year: 2026, countries: [] }],
    ['four countries', { base: 'EUR', year: 2026, countries: ['NZ', 'DE', 'FR', 'JP'] }],
    ['one country twice', { base: 'EUR', year: 2026, countries: ['NZ', 'NZ'] }],
    ['lower case', { base: 'EUR', year: 2026, countries: ['nz'] }],
    ['a year in words', { base: 'EUR', year: '2026', countries: ['NZ'] }],
    ['no base', { year: 2026, countries: ['NZ'] }],
  ])('refuses %s', async (_what, payload) => {
    expect(await plan(payload)).toMatchObject({ status: 400, errors: expect.any(Array) });
  });
});
