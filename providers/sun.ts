import { defineUpstream, path, type Static, Type } from '../src/index.ts';

/** sunrise-sunset.org, which asks for a link to it where its times are shown. */
const sun = defineUpstream({ name: 'sun', origin: 'https://api.sunrise-sunset.org' });

/** The day of arrival as clients give it, where they may leave it out. */
export const OptionalArrival = Type.Optional(
  Type.String({ format: 'date', description: 'The day of arrival; default today.', examples: ['2026-02-01'] }),
);

/** Where and when: degrees, `YYYY-MM-DD`, and the IANA time zone that the times are told in. */
interface SunQuery {
  readonly latitude: number;
  readonly longitude: number;
  readonly date: string;
  readonly timeZone?: string | undefined;
}

const SunTimes = Type.Object({
  results: Type.Object({
    sunrise: Type.String({ format: 'date-time' }),
    sunset: Type.String({ format: 'date-time' }),
    day_length: Type.Number({ description: 'Seconds.' }),
  }),
  status: Type.Literal('OK'),
});

/** When the sun rises and sets. */
export const getSunTimes = sun.provider({
  name: 'times',
  output: SunTimes,
  request: ({ latitude, longitude, date, timeZone }: SunQuery) => ({
    path: path`/json`,
    query: { lat: latitude, lng: longitude, date, formatted: 0, tzid: timeZone },
  }),
});

const dayMinutes = 24 * 60;

/** The same for people. A sun that stays up is second 1 of 1970 to the API, one that stays down is second 0. */
export function toDaylight({ results: { sunrise, sunset, day_length } }: Static<typeof SunTimes>) {
  const at = Date.parse(sunrise);
  if (at <= 1_000) return { sunrise: null, sunset: null, daylightMinutes: at === 0 ? 0 : dayMinutes };
  return { sunrise, sunset, daylightMinutes: Math.round(day_length / 60) };
}

/** Today in UTC, `YYYY-MM-DD`: the day where nobody named one. */
export const today = (): string => new Date().toISOString().slice(0, 10);
