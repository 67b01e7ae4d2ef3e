import { defineUpstream, path, type Static, Type } from '../src/index.ts';

/** REST Countries v3.1. */
const countries = defineUpstream({ name: 'countries', origin: 'https://restcountries.com' });

/** A country's code as clients give it, in either case. */
export const CountryCode = Type.String({
  pattern: '^[A-Za-z]{2}$',
  description: 'ISO 3166-1 alpha-2.',
  examples: ['NZ'],
});

const Country = Type.Object({
  name: Type.Object({ common: Type.String(), official: Type.Optional(Type.String()) }),
  cca2: Type.String(),
  flag: Type.Optional(Type.String({ description: 'An emoji.' })),
  region: Type.Optional(Type.String()),
  subregion: Type.Optional(Type.String()),
  population: Type.Optional(Type.Number()),
  currencies: Type.Optional(
    Type.Record(Type.String(), Type.Object({ name: Type.String(), symbol: Type.Optional(Type.String()) }), {
      description: 'By ISO 4217 code.',
    }),
  ),
  languages: Type.Optional(
    Type.Record(Type.String(), Type.String(), { description: 'English names by ISO 639-3 code.' }),
  ),
  idd: Type.Optional(
    Type.Object({ root: Type.Optional(Type.String()), suffixes: Type.Optional(Type.Array(Type.String())) }),
  ),
  capital: Type.Optional(Type.Array(Type.String())),
  capitalInfo: Type.Optional(
    Type.Object({ latlng: Type.Optional(Type.Array(Type.Number(), { description: 'Latitude, longitude.' })) }),
  ),
});

/** A country as the API answers it. */
export type Country = Static<typeof Country>;

/** The country with that code (ISO 3166-1 alpha-2), as a list of one. */
export const getCountry = countries.provider({
  name: 'country',
  // A list of exactly one: JSON Schema says it with bounds, TypeScript with a tuple.
  output: Type.Unsafe<readonly [Country]>(Type.Array(Country, { minItems: 1, maxItems: 1 })),
  request: ({ code }: { readonly code: string }) => ({ path: path`/v3.1/alpha/${code.toUpperCase()}` }),
});

/** Whether it has a capital; Antarctica has none. */
export const hasCapital = ({ capital = [] }: Country): boolean => capital.length > 0;

/** How to look for the capital of a country that has one. */
export const toCapitalQuery = ({ capital = [], cca2 }: Country) => ({ name: capital[0] ?? '', country: cca2 });

/** Whether the API says where the capital is. */
export const hasCapitalPlace = ({ capitalInfo }: Country): boolean => capitalInfo?.latlng?.length === 2;

/** Where the capital is, in degrees, for a country where the API says it. */
export function toCapitalPlace({ capitalInfo }: Country) {
  const [latitude = Number.NaN, longitude = Number.NaN] = capitalInfo?.latlng ?? [];
  return { latitude, longitude };
}

/** How to call it, like `+64`. Only the zone where the numbers behind it go into the hundreds (`+1`). */
export function toCallingCodes({ idd: { root = '', suffixes = [] } = {} }: Country): string[] {
  const isZone = suffixes.length > 10;
  return isZone ? [root] : suffixes.map((suffix) => root + suffix);
}

/** Its currencies, by ISO 4217 code. */
export const toCurrencies = ({ currencies = {} }: Country) =>
  Object.entries(currencies).map(([code, { name, symbol = null }]) => ({ code, name, symbol }));
