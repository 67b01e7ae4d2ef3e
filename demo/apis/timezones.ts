import timeZoneAt from 'tz-lookup';
import { type Api, found, toAspNetProblem, toNumber } from '../api.ts';
import { toLocalTime, toOffsetSeconds } from '../data/clock.ts';

/** TimeAPI.io, `/api/timezone/coordinate`. `dstInterval` is left out: no data set names it. */
export const answerTimezones: Api = ({ pathname, searchParams }) => {
  if (pathname.toLowerCase() !== '/api/timezone/coordinate') return { status: 404 };
  const latitude = toNumber(searchParams.get('latitude'), -90, 90);
  if (latitude === undefined) return toAspNetProblem('latitude', searchParams.get('latitude') ?? '');
  const longitude = toNumber(searchParams.get('longitude'), -180, 180);
  if (longitude === undefined) return toAspNetProblem('longitude', searchParams.get('longitude') ?? '');
  return found(toTimeZone(timeZoneAt(latitude, longitude), new Date()));
};

/** The answer for a time zone at a moment. */
export function toTimeZone(timeZone: string, at: Date) {
  const current = toOffsetSeconds(timeZone, at);
  const ofMonths = Array.from({ length: 12 }, (_, month) =>
    toOffsetSeconds(timeZone, new Date(Date.UTC(at.getUTCFullYear(), month, 15))),
  );
  const standard = Math.min(...ofMonths);
  return {
    timeZone,
    currentLocalTime: toLocalTime(at, current),
    currentUtcOffset: toOffset(current),
    standardUtcOffset: toOffset(standard),
    hasDayLightSaving: Math.max(...ofMonths) !== standard,
    isDayLightSavingActive: current !== standard,
  };
}

const toOffset = (seconds: number) => ({
  seconds,
  milliseconds: seconds * 1_000,
  ticks: seconds * 10_000_000,
  nanoseconds: seconds * 1_000_000_000,
});
