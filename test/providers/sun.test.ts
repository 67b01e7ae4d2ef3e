import { describe, expect, it } from 'vitest';
import { answerSun } from '../../demo/apis/sun.ts';
import { getSunTimes, toDaylight, today } from '../../providers/sun.ts';
import { answerOf, failureOf } from './ask-embedded.ts';

const wellington = { latitude: -41.28664, longitude: 174.77557, timeZone: 'Pacific/Auckland' };
const longyearbyen = { latitude: 78.22334, longitude: 15.64689, timeZone: 'Arctic/Longyearbyen' };

describe('sun', () => {
  it('tells when the sun rises and sets, in the time of the place', async () => {
    const daylight = toDaylight(await answerOf(getSunTimes, answerSun, { ...wellington, date: '2026-02-06' }));
    expect(daylight.sunrise).toMatch(/^2026-02-06T06:3[1-3]:\d\d\+13:00$/);
    expect(daylight.sunset).toMatch(/^2026-02-06T20:3[5-7]:\d\d\+13:00$/);
    expect(daylight.daylightMinutes).toBe(844);
  });

  it('tells it in UTC where nobody knows the time zone', async () => {
    const { latitude, longitude } = wellington;
    const { results } = await answerOf(getSunTimes, answerSun, { latitude, longitude, date: '2026-02-06' });
    expect(results.sunrise).toMatch(/^2026-02-05T17:3\d:\d\d\+00:00$/);
  });

  it.each([
    ['stays up', '2026-06-21', 1440],
    ['stays down', '2026-12-21', 0],
  ])('knows a day when the sun %s', async (_what, date, daylightMinutes) => {
    const daylight = toDaylight(await answerOf(getSunTimes, answerSun, { ...longyearbyen, date }));
    expect(daylight).toEqual({ sunrise: null, sunset: null, daylightMinutes });
  });

  it('is rejected where there is no such place', async () => {
    expect(await failureOf(getSunTimes, answerSun, { latitude: Number.NaN, longitude: 0, date: '2026-02-06' })).toBe(
      'rejected',
    );
  });

  it('says today as the API wants it', () => {
    expect(today()).toBe(new Date().toISOString().slice(0, 10));
  });
});
