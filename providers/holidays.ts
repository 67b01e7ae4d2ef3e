import { defineUpstream, path, type Static, Type } from '../src/index.ts';

/** Nager.Date v3. */
const holidays = defineUpstream({ name: 'holidays', origin: 'https://date.nager.at' });

const Holidays = Type.Array(
  Type.Object({
    date: Type.String({ format: 'date' }),
    localName: Type.String(),
    name: Type.String({ description: 'In English.' }),
    global: Type.Boolean({ description: 'In the whole country.' }),
    types: Type.Array(Type.String(), {
      description: '`Public`, `Bank`, `School`, `Authorities`, `Optional`, `Observance`.',
    }),
  }),
);

/** Holidays as the API answers them, by date. */
export type Holidays = Static<typeof Holidays>;

/** The holidays of one year in one country (ISO 3166-1 alpha-2), by date. */
export const listHolidays = holidays.provider({
  name: 'public-holidays',
  // 204 No Content: nobody keeps a calendar for that country.
  output: Type.Union([Holidays, Type.Null()]),
  request: ({ year, code }: { readonly year: number; readonly code: string }) => ({
    path: path`/api/v3/PublicHolidays/${year}/${code.toUpperCase()}`,
  }),
});

/** The days when the whole country has a day off. */
export const toDaysOff = (holidays: Holidays) =>
  holidays
    .filter(({ global, types }) => global && types.includes('Public'))
    .map(({ date, name, localName }) => ({ date, name, localName }));
