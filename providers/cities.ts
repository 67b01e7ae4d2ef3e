import { defineUpstream, path, type Static, Type } from '../src/index.ts';

/** Open-Meteo's geocoding over GeoNames. */
const cities = defineUpstream({ name: 'cities', origin: 'https://geocoding-api.open-meteo.com' });

const City = Type.Object({
  name: Type.String(),
  latitude: Type.Number(),
  longitude: Type.Number(),
  feature_code: Type.Optional(Type.String({ description: 'Of GeoNames: `PPLC` is a capital.' })),
  timezone: Type.Optional(Type.String({ description: 'IANA.' })),
  population: Type.Optional(Type.Number()),
});

const Cities = Type.Object({
  results: Type.Optional(Type.Array(City, { description: 'Missing where nothing was found.' })),
});

/** Cities as the API answers them. */
export type Cities = Static<typeof Cities>;

/** Cities of a country (ISO 3166-1 alpha-2, upper case) by name, best match first. */
export const searchCities = cities.provider({
  name: 'search',
  output: Cities,
  // The API filters by country only after it has counted, so that a namesake elsewhere may push a city out of a short list.
  request: ({ name, country }: { readonly name: string; readonly country: string }) => ({
    path: path`/v1/search`,
    query: { name, countryCode: country, count: 100, language: 'en', format: 'json' },
  }),
});

/** The capital among them, or else the best match; undefined where nothing was found. */
export const toCity = ({ results = [] }: Cities): Static<typeof City> | undefined =>
  results.find(({ feature_code }) => feature_code === 'PPLC') ?? results[0];

/** Whether there is any. */
export const isFound = ({ results = [] }: Cities): boolean => results.length > 0;

/** Where the city of an answer that has one is, in degrees, and its time zone. */
export function toPlace(cities: Cities) {
  const { latitude = Number.NaN, longitude = Number.NaN, timezone } = toCity(cities) ?? {};
  return { latitude, longitude, timeZone: timezone };
}
