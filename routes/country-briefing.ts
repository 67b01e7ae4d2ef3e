import { type Cities, isFound, searchCities, toCity, toPlace } from '../providers/cities.ts';
import {
  type Country,
  CountryCode,
  getCountry,
  hasCapital,
  hasCapitalPlace,
  toCallingCodes,
  toCapitalPlace,
  toCapitalQuery,
  toCurrencies,
} from '../providers/countries.ts';
import { listHolidays, toDaysOff } from '../providers/holidays.ts';
import { CurrencyCode, defaultBase, latestRates, OptionalBase, toRate } from '../providers/rates.ts';
import { getSunTimes, OptionalArrival, toDaylight, today } from '../providers/sun.ts';
import { getTimeZone, toNow } from '../providers/timezones.ts';
import { defineRoute, type TSchema, Type } from '../src/index.ts';

const nullable = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()]);

const Briefing = Type.Object({
  code: Type.String({ description: 'ISO 3166-1 alpha-2.' }),
  name: Type.String(),
  flag: nullable(Type.String({ description: 'An emoji.' })),
  region: nullable(Type.String()),
  subregion: nullable(Type.String()),
  population: nullable(Type.Integer()),
  languages: Type.Array(Type.String(), { description: 'English names.' }),
  callingCodes: Type.Array(Type.String(), { description: 'Like +64.' }),
  capital: nullable(
    Type.Object({
      name: Type.String(),
      latitude: nullable(Type.Number()),
      longitude: nullable(Type.Number()),
      population: nullable(Type.Integer()),
    }),
  ),
  clock: nullable(
    Type.Object(
      {
        timeZone: Type.String({ description: 'IANA.' }),
        now: Type.String({ format: 'date-time', description: 'With the offset of the place.' }),
        isDaylightSaving: Type.Boolean(),
      },
      { description: 'In the capital.' },
    ),
  ),
  sun: nullable(
    Type.Object(
      {
        date: Type.String({ format: 'date' }),
        sunrise: nullable(Type.String({ format: 'date-time', description: 'Null where it does not rise that day.' })),
        sunset: nullable(Type.String({ format: 'date-time', description: 'Null where it does not set that day.' })),
        daylightMinutes: Type.Integer({ minimum: 0, maximum: 1440 }),
      },
      { description: 'In the capital on the day of arrival, in its own time. By sunrise-sunset.org.' },
    ),
  ),
  money: Type.Object({
    base: CurrencyCode,
    asOf: nullable(Type.String({ format: 'date', description: 'The working day that the rates are of.' })),
    currencies: Type.Array(
      Type.Object({
        code: Type.String({ description: 'ISO 4217.' }),
        name: Type.String(),
        symbol: nullable(Type.String()),
        rate: nullable(Type.Number({ description: 'What one unit of the base buys; null where nobody publishes it.' })),
      }),
    ),
  }),
  holidays: nullable(
    Type.Array(
      Type.Object({
        date: Type.String({ format: 'date' }),
        name: Type.String(),
        localName: Type.String(),
      }),
      { description: 'The next days off from the day of arrival on, five at most.' },
    ),
  ),
});

const route = defineRoute({
  url: '/v1/countries/:code/briefing',
  summary: 'What a traveller wants to know about a country',
  description:
    'Name and languages, money with the rates against a currency of your choice, the time in the capital, sunrise and sunset ' +
    'there, and the next public holidays. Only the country itself is required: whatever else fails is `null`, and `sources` ' +
    'says why.',
  tags: ['countries'],
  params: Type.Object({ code: CountryCode }),
  query: Type.Object({ base: OptionalBase, date: OptionalArrival }),
});

const country = route.source(getCountry, { input: ({ params }) => params });
const rates = route.source(latestRates, {
  input: ({ query }) => ({ base: query.base ?? defaultBase }),
  optional: true,
});
const holidays = route.source(listHolidays, {
  input: ({ params, query }) => ({ ...params, year: toYear(query) }),
  optional: true,
});
const holidaysNextYear = route.source(listHolidays, {
  when: ({ query }) => toDate(query) >= `${toYear(query)}-11`,
  input: ({ params, query }) => ({ ...params, year: toYear(query) + 1 }),
  optional: true,
});
const time = route.source(getTimeZone, {
  needs: { country },
  when: (_request, { country: [found] }) => hasCapitalPlace(found),
  input: (_request, { country: [found] }) => toCapitalPlace(found),
  optional: true,
});
const city = route.source(searchCities, {
  needs: { country },
  when: (_request, { country: [found] }) => hasCapital(found),
  input: (_request, { country: [found] }) => toCapitalQuery(found),
  optional: true,
});
const sun = route.source(getSunTimes, {
  needs: { city },
  when: (_request, { city: cities }) => isFound(cities),
  input: ({ query }, { city: cities }) => ({ ...toPlace(cities), date: toDate(query) }),
  optional: true,
});

const sources = { country, rates, holidays, holidaysNextYear, time, city, sun };

export default route.merge(sources, Briefing, (answers, { query }) => {
  const [found] = answers.country;
  const date = toDate(query);
  const daysOff = answers.holidays && toDaysOff([...answers.holidays, ...(answers.holidaysNextYear ?? [])]);
  return {
    code: found.cca2,
    name: found.name.common,
    flag: found.flag ?? null,
    region: found.region ?? null,
    subregion: found.subregion ?? null,
    population: found.population ?? null,
    languages: Object.values(found.languages ?? {}),
    callingCodes: toCallingCodes(found),
    capital: toCapital(found, answers.city),
    clock: answers.time && {
      timeZone: answers.time.timeZone,
      now: toNow(answers.time),
      isDaylightSaving: answers.time.isDayLightSavingActive,
    },
    sun: answers.sun && { date, ...toDaylight(answers.sun) },
    money: {
      base: query.base ?? defaultBase,
      asOf: answers.rates?.date ?? null,
      currencies: toCurrencies(found).map((currency) => ({
        ...currency,
        rate: answers.rates && toRate(answers.rates, currency.code),
      })),
    },
    holidays: daysOff?.filter((holiday) => holiday.date >= date).slice(0, 5) ?? null,
  };
});

interface Arrival {
  readonly date?: string;
}

const toDate = ({ date }: Arrival): string => date ?? today();
const toYear = (query: Arrival): number => Number(toDate(query).slice(0, 4));

/** Its name is known from the country, the rest only where the city was found. */
function toCapital({ capital = [] }: Country, cities: Cities | null) {
  const [name] = capital;
  if (name === undefined) return null;
  const { latitude = null, longitude = null, population = null } = (cities && toCity(cities)) ?? {};
  return { name, latitude, longitude, population };
}
