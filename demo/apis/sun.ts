import { getTimes } from 'suncalc';
import { type Answer, type Api, found, toNumber } from '../api.ts';
import { isTimeZone, toLocalTime, toOffsetSeconds, toOffsetText } from '../data/clock.ts';

/** sunrise-sunset.org, `/json` with `formatted=0`, computed. The twelve-hour texts of `formatted=1` are left out. */
export const answerSun: Api = ({ pathname, searchParams }) => {
  const latitude = toNumber(searchParams.get('lat'), -90, 90);
  const longitude = toNumber(searchParams.get('lng'), -180, 180);
  const isServed = pathname === '/json' && searchParams.get('formatted') === '0';
  if (!isServed || latitude === undefined || longitude === undefined) return toError('INVALID_REQUEST');
  const date = toDate(searchParams.get('date') ?? 'today');
  if (!date) return toError('INVALID_DATE');
  const tzid = searchParams.get('tzid') ?? 'UTC';
  if (!isTimeZone(tzid)) return toError('INVALID_TZID');
  return found({ results: toResults(date, latitude, longitude, tzid), status: 'OK', tzid });
};

const toError = (status: string): Answer => ({ status: 400, body: { results: '', status } });

/** Noon UTC of the day; undefined for what is no day of the calendar. */
function toDate(text: string): Date | undefined {
  const day = text === 'today' ? new Date().toISOString().slice(0, 10) : text;
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return undefined;
  const date = new Date(`${day}T12:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day) ? date : undefined;
}

function toResults(date: Date, latitude: number, longitude: number, tzid: string) {
  // The day as it is at the place: noon there, by the sun.
  const noon = new Date(date.getTime() - (longitude / 15) * 3_600_000);
  const times = getTimes(noon, latitude, longitude);
  // A sun that never crosses the horizon is second 1 of 1970 where it stays above, second 0 where it stays below.
  const never = new Date(times.alwaysUp ? 1000 : 0);
  const toText = (at: Date | null) => {
    const offset = at ? toOffsetSeconds(tzid, at) : 0;
    return `${toLocalTime(at ?? never, offset)}${toOffsetText(offset)}`;
  };
  const { sunrise, sunset } = times;
  return {
    sunrise: toText(sunrise),
    sunset: toText(sunset),
    solar_noon: toText(times.solarNoon),
    day_length: sunrise && sunset ? Math.round((sunset.getTime() - sunrise.getTime()) / 1000) : 0,
    civil_twilight_begin: toText(times.dawn),
    civil_twilight_end: toText(times.dusk),
    nautical_twilight_begin: toText(times.nauticalDawn),
    nautical_twilight_end: toText(times.nauticalDusk),
    astronomical_twilight_begin: toText(times.nightEnd),
    astronomical_twilight_end: toText(times.night),
  };
}
