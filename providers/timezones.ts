import { defineUpstream, path, type Static, Type } from '../src/index.ts';

/** TimeAPI.io. */
const timezones = defineUpstream({ name: 'timezones', origin: 'https://timeapi.io' });

const TimeZone = Type.Object({
  timeZone: Type.String({ description: 'IANA.' }),
  currentLocalTime: Type.String({
    description: '`YYYY-MM-DDTHH:mm:ss`, with or without a fraction, without an offset.',
  }),
  currentUtcOffset: Type.Object({ seconds: Type.Number() }),
  isDayLightSavingActive: Type.Boolean(),
});

/** The time zone at a place, and what its clocks show now. */
export const getTimeZone = timezones.provider({
  name: 'at-coordinate',
  output: TimeZone,
  request: ({ latitude, longitude }: { readonly latitude: number; readonly longitude: number }) => ({
    path: path`/api/timezone/coordinate`,
    query: { latitude, longitude },
  }),
});

/** The time there with its offset, `2026-02-06T09:30:00+13:00`, to the second. */
export function toNow({ currentLocalTime, currentUtcOffset: { seconds } }: Static<typeof TimeZone>): string {
  const minutes = Math.abs(seconds) / 60;
  const [hour, minute] = [minutes / 60, minutes % 60].map((part) => String(Math.trunc(part)).padStart(2, '0'));
  return `${currentLocalTime.slice(0, 19)}${seconds < 0 ? '-' : '+'}${hour}:${minute}`;
}
