import { describe, expect, it } from 'vitest';
import { answerHolidays } from '../../demo/apis/holidays.ts';
import { listHolidays, toDaysOff } from '../../providers/holidays.ts';
import { answerOf, failureOf } from './ask-embedded.ts';

describe('holidays', () => {
  it('lists a year of a country, whatever the case of its code', async () => {
    const listed = await answerOf(listHolidays, answerHolidays, { year: 2026, code: 'nz' });
    expect(listed).toContainEqual({
      date: '2026-02-06',
      localName: 'Waitangi Day',
      name: 'Waitangi Day',
      global: true,
      types: ['Public'],
    });
  });

  it('tells days off from other days', async () => {
    const listed = await answerOf(listHolidays, answerHolidays, { year: 2026, code: 'DE' });
    const daysOff = toDaysOff(listed ?? []);
    expect(daysOff).toContainEqual({
      date: '2026-10-03',
      name: 'National Holiday',
      localName: 'Tag der Deutschen Einheit',
    });
    expect(listed?.map(({ name }) => name)).toContain("Mother's Day");
    expect(daysOff.map(({ name }) => name)).not.toContain("Mother's Day");
  });

  it('is null for a country that nobody keeps a calendar of', async () => {
    expect(await answerOf(listHolidays, answerHolidays, { year: 2026, code: 'AQ' })).toBeNull();
  });

  it('leaves out days off in a part of the country', () => {
    const regional = { date: '2026-01-06', localName: 'Epiphanie', name: 'Epiphany', global: false, types: ['Public'] };
    expect(toDaysOff([regional])).toEqual([]);
  });

  it('does not find what is no country', async () => {
    expect(await failureOf(listHolidays, answerHolidays, { year: 2026, code: 'ZZ' })).toBe('not_found');
  });

  it('is rejected for a year without a calendar', async () => {
    expect(await failureOf(listHolidays, answerHolidays, { year: 99_999, code: 'NZ' })).toBe('rejected');
  });
});
