import { type Country, getCountry, toCurrencies } from '../providers/countries.ts';
import { type Holidays, listHolidays, toDaysOff } from '../providers/holidays.ts';
import { CurrencyCode, latestRates, toRate } from '../providers/rates.ts';
import { defineRoute, Type } from '../src/index.ts';

const Trip = Type.Object({
  stops: Type.Array(
    Type.Object({
      code: Type.String({ description: 'ISO 3166-1 alpha-2.' }),
      name: Type.String(),
      flag: Type.Union([Type.String(), Type.Null()], { description: 'An emoji.' }),
      daysOff: Type.Union([Type.Integer(), Type.Null()], {
        description: 'How many in the calendar; null where nobody knows.',
      }),
    }),
    { description: 'In the order of the trip.' },
  ),
  money: Type.Object({
    base: CurrencyCode,
    asOf: Type.Union([Type.String({ format: 'date' }), Type.Null()], {
      description: 'The working day that the rates are of.',
    }),
    currencies: Type.Array(
      Type.Object({
        code: Type.String({ description: 'ISO 4217.' }),
        name: Type.String(),
        countries: Type.Array(Type.String(), { description: 'Where it is used.' }),
        rate: Type.Union([Type.Number(), Type.Null()], {
          description: 'What one unit of the base buys; null where nobody publishes it.',
        }),
      }),
      { description: 'Each currency once.' },
    ),
  }),
  calendar: Type.Array(
    Type.Object({
      date: Type.String({ format: 'date' }),
      country: Type.String(),
      name: Type.String(),
      localName: Type.String(),
    }),
    { description: 'The public holidays of all stops in that year, by date.' },
  ),
});

const route = defineRoute({
  method: 'POST',
  url: '/v1/trips',
  summary: 'Plan a trip through up to three countries',
  description:
    'What to pay with in each country, and when everything is closed on the way. An unknown country is a 404; rates or holidays ' +
    'that fail leave a plan without them, and `sources` says so.',
  tags: ['trips'],
  body: Type.Object(
    {
      base: CurrencyCode,
      year: Type.Integer({ minimum: 1970, maximum: 2100 }),
      countries: Type.Array(Type.String({ pattern: '^[A-Z]{2}$' }), {
        minItems: 1,
        maxItems: 3,
        uniqueItems: true,
        description: 'ISO 3166-1 alpha-2, in the order of the trip.',
      }),
    },
    { examples: [{ base: 'EUR', year: 2026, countries: ['NZ', 'JP', 'DE'] }] },
  ),
});

const rates = route.source(latestRates, { input: ({ body }) => ({ base: body.base }), optional: true });
const [first, second, third] = [stop(0), stop(1), stop(2)];

const sources = {
  rates,
  country1: first.country,
  holidays1: first.holidays,
  country2: second.country,
  holidays2: second.holidays,
  country3: third.country,
  holidays3: third.holidays,
};

export default route.merge(sources, Trip, (answers, { body: { base } }) => {
  const { rates: known } = answers;
  const visits = [
    toVisit(answers.country1, answers.holidays1),
    toVisit(answers.country2, answers.holidays2),
    toVisit(answers.country3, answers.holidays3),
  ].filter((visit) => visit !== null);
  const currencies = Map.groupBy(
    visits.flatMap(({ money }) => money),
    ({ code }) => code,
  );
  return {
    stops: visits.map(({ stop: shown }) => shown),
    money: {
      base,
      asOf: known?.date ?? null,
      currencies: [...currencies].map(([code, uses]) => ({
        code,
        name: uses[0]?.name ?? code,
        countries: uses.map(({ country }) => country),
        rate: known && toRate(known, code),
      })),
    },
    calendar: visits.flatMap(({ daysOff }) => daysOff).sort((a, b) => a.date.localeCompare(b.date)),
  };
});

/** The sources of one stop. They rest when the trip has fewer. */
function stop(index: number) {
  const when = ({ body }: Asked) => body.countries.length > index;
  const toCode = ({ body }: Asked) => body.countries[index] ?? '';
  return {
    country: route.source(getCountry, { when, input: (asked) => ({ code: toCode(asked) }) }),
    holidays: route.source(listHolidays, {
      when,
      input: (asked) => ({ code: toCode(asked), year: asked.body.year }),
      optional: true,
    }),
  };
}

interface Asked {
  readonly body: { readonly countries: readonly string[] };
}

/** What one stop adds to the plan; null for a stop that the trip does not have. */
function toVisit(answer: readonly [Country] | null, holidays: Holidays | null) {
  if (!answer) return null;
  const [{ cca2: code, name, flag = null }] = answer;
  const daysOff = holidays && toDaysOff(holidays);
  return {
    stop: { code, name: name.common, flag, daysOff: daysOff?.length ?? null },
    money: toCurrencies(answer[0]).map((currency) => ({ ...currency, country: code })),
    daysOff: (daysOff ?? []).map((day) => ({ ...day, country: code })),
  };
}
