import { isFound, searchCities, toPlace } from '../providers/cities.ts';
import {
  CountryCode,
  getCountry,
  hasCapital,
  hasCapitalPlace,
  toCapitalPlace,
  toCapitalQuery,
} from '../providers/countries.ts';
import { listHolidays } from '../providers/holidays.ts';
import { defaultBase, latestRates, OptionalBase } from '../providers/rates.ts';
import { getSunTimes, OptionalArrival, today } from '../providers/sun.ts';
import { getTimeZone } from '../providers/timezones.ts';
import { defineRoute, Type } from '../src/index.ts';

const route = defineRoute({
  url: '/v1/countries/:code/sources',
  summary: 'What every source says about a country',
  description: 'The sources of the briefing as they are, for frontends that do their own merging: nothing is left out.',
  tags: ['countries'],
  params: Type.Object({ code: CountryCode }),
  query: Type.Object({ base: OptionalBase, date: OptionalArrival }),
});

const country = route.source(getCountry, { input: ({ params }) => params });
const holidays = route.source(listHolidays, {
  input: ({ params, query }) => ({ ...params, year: Number((query.date ?? today()).slice(0, 4)) }),
  optional: true,
});
const rates = route.source(latestRates, {
  input: ({ query }) => ({ base: query.base ?? defaultBase }),
  optional: true,
});
const city = route.source(searchCities, {
  needs: { country },
  when: (_request, { country: [found] }) => hasCapital(found),
  input: (_request, { country: [found] }) => toCapitalQuery(found),
  optional: true,
});
const time = route.source(getTimeZone, {
  needs: { country },
  when: (_request, { country: [found] }) => hasCapitalPlace(found),
  input: (_request, { country: [found] }) => toCapitalPlace(found),
  optional: true,
});
const sun = route.source(getSunTimes, {
  needs: { city },
  when: (_request, { city: cities }) => isFound(cities),
  input: ({ query }, { city: cities }) => ({ ...toPlace(cities), date: query.date ?? today() }),
  optional: true,
});

export default route.merge({ country, holidays, rates, city, time, sun });
