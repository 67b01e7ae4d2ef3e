import { describe, expect, it } from 'vitest';
import { answerCountries } from '../../demo/apis/countries.ts';
import {
  type Country,
  getCountry,
  hasCapital,
  hasCapitalPlace,
  toCallingCodes,
  toCapitalPlace,
  toCapitalQuery,
  toCurrencies,
} from '../../providers/countries.ts';
import { answerOf, failureOf } from './ask-embedded.ts';

const find = async (code: string): Promise<Country> => (await answerOf(getCountry, answerCountries, { code }))[0];

describe('countries', () => {
  it('finds a country by its code in either case, and drops what it does not describe', async () => {
    const country = await find('nz');
    expect(country).toMatchObject({ name: { common: 'New Zealand' }, cca2: 'NZ', flag: '🇳🇿', capital: ['Wellington'] });
    expect(country).not.toHaveProperty('cca3');
  });

  it('does not find what is no country', async () => {
    expect(await failureOf(getCountry, answerCountries, { code: 'ZZ' })).toBe('not_found');
  });

  it('knows where the capital is', async () => {
    const country = await find('NZ');
    expect(hasCapitalPlace(country)).toBe(true);
    expect(toCapitalPlace(country)).toEqual({ latitude: -41.28664, longitude: 174.77557 });
    expect(toCapitalQuery(country)).toEqual({ name: 'Wellington', country: 'NZ' });
  });

  it('says that Antarctica has no capital', async () => {
    const country = await find('AQ');
    expect(hasCapital(country)).toBe(false);
    expect(hasCapitalPlace(country)).toBe(false);
  });

  it.each([
    ['NZ', ['+64']],
    ['US', ['+1']],
    ['DO', ['+1809', '+1829', '+1849']],
  ])('calls %s with %j', async (code, codes) => {
    expect(toCallingCodes(await find(code))).toEqual(codes);
  });

  it('calls a zone of many area codes by its own code', () => {
    const suffixes = Array.from({ length: 300 }, (_, index) => String(200 + index));
    expect(toCallingCodes({ name: { common: 'United States' }, cca2: 'US', idd: { root: '+1', suffixes } })).toEqual([
      '+1',
    ]);
  });

  it('lists the currencies in use', async () => {
    expect(toCurrencies(await find('BG'))).toEqual([{ code: 'EUR', name: 'Euro', symbol: '€' }]);
    expect(toCurrencies(await find('PA')).map(({ code }) => code)).toEqual(['PAB', 'USD']);
  });

  it('can do without everything that is optional', () => {
    const bare = { name: { common: 'Nowhere' }, cca2: 'NW' };
    expect([toCallingCodes(bare), toCurrencies(bare), hasCapital(bare), hasCapitalPlace(bare)]).toEqual([
      [],
      [],
      false,
      false,
    ]);
  });
});
