import { describe, expect, it } from 'vitest';
import { answerCities } from '../../demo/apis/cities.ts';
import { isFound, searchCities, toCity, toPlace } from '../../providers/cities.ts';
import { answerOf } from './ask-embedded.ts';

const search = (name: string, country: string) => answerOf(searchCities, answerCities, { name, country });

describe('cities', () => {
  it('finds the capital of a country', async () => {
    const cities = await search('Wellington', 'NZ');
    expect(isFound(cities)).toBe(true);
    expect(toCity(cities)).toMatchObject({ name: 'Wellington', feature_code: 'PPLC' });
    expect(toPlace(cities)).toEqual({ latitude: -41.28664, longitude: 174.77557, timeZone: 'Pacific/Auckland' });
  });

  it('finds a capital that has larger namesakes elsewhere, and a smaller one at home', async () => {
    expect(toCity(await search('San José', 'CR'))).toMatchObject({ feature_code: 'PPLC', population: 335_007 });
  });

  it('prefers the best match where none is a capital', async () => {
    expect(toCity(await search('Auckland', 'NZ'))).toMatchObject({ name: 'Auckland' });
  });

  it('finds nothing without failing', async () => {
    const cities = await search('Zzzyx', 'NZ');
    expect(isFound(cities)).toBe(false);
    expect(toCity(cities)).toBeUndefined();
  });
});
