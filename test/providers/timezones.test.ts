import { describe, expect, it } from 'vitest';
import { answerTimezones } from '../../demo/apis/timezones.ts';
import { getTimeZone, toNow } from '../../providers/timezones.ts';
import { answerOf, failureOf } from './ask-embedded.ts';

describe('time zones', () => {
  it('tells the time zone at a place, and its time', async () => {
    const before = Date.now() - 1_000;
    const zone = await answerOf(getTimeZone, answerTimezones, { latitude: -41.28664, longitude: 174.77557 });
    expect(zone.timeZone).toBe('Pacific/Auckland');
    expect(zone.currentUtcOffset.seconds).toBe(zone.isDayLightSavingActive ? 46_800 : 43_200);
    expect(Date.parse(toNow(zone))).toBeGreaterThanOrEqual(before);
    expect(Date.parse(toNow(zone))).toBeLessThanOrEqual(Date.now());
  });

  it.each([
    [46_800, '2026-02-06T09:30:00+13:00'],
    [-12_600, '2026-02-06T09:30:00-03:30'],
    [0, '2026-02-06T09:30:00+00:00'],
  ])('writes an offset of %i seconds', (seconds, now) => {
    const zone = {
      timeZone: 'Somewhere',
      currentLocalTime: '2026-02-06T09:30:00.1234567',
      isDayLightSavingActive: false,
    };
    expect(toNow({ ...zone, currentUtcOffset: { seconds } })).toBe(now);
  });

  it('is rejected where there is no such place', async () => {
    expect(await failureOf(getTimeZone, answerTimezones, { latitude: 91, longitude: 0 })).toBe('rejected');
  });
});
