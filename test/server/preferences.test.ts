import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toPreferences } from '../../src/server/preferences.ts';

const nothing = { strict: false, waitMs: undefined, applied: undefined };

describe('Prefer', () => {
  test.each([
    ['handling=strict', { strict: true, waitMs: undefined, applied: 'handling=strict' }],
    ['handling=lenient', { strict: false, waitMs: undefined, applied: 'handling=lenient' }],
    ['HANDLING="Strict"', { strict: true, waitMs: undefined, applied: 'handling=strict' }],
    ['handling = strict', { strict: true, waitMs: undefined, applied: 'handling=strict' }],
    ['wait=3', { strict: false, waitMs: 3_000, applied: 'wait=3' }],
    ['wait=0', { strict: false, waitMs: 0, applied: 'wait=0' }],
    ['wait="007"', { strict: false, waitMs: 7_000, applied: 'wait=7' }],
    ['wait=999999', { strict: false, waitMs: 999_999_000, applied: 'wait=999999' }],
    ['wait=2, handling=strict', { strict: true, waitMs: 2_000, applied: 'handling=strict, wait=2' }],
    ['respond-async, wait=2;x=1,return=minimal', { strict: false, waitMs: 2_000, applied: 'wait=2' }],
    ['handling=strict; foo="a b"', { strict: true, waitMs: undefined, applied: 'handling=strict' }],
  ])('%s', (field, preferences) => {
    expect(toPreferences(field)).toEqual(preferences);
  });

  test('repeated fields are one list, and the first of a name counts', () => {
    expect(toPreferences(['wait=1', 'handling=strict, wait=2'])).toEqual({
      strict: true,
      waitMs: 1_000,
      applied: 'handling=strict, wait=1',
    });
  });

  test.each([
    undefined,
    '',
    'handling',
    'handling=',
    'handling=strictly',
    'handling=strict lenient',
    'xhandling=strict',
    'foo; handling=strict',
    'wait=-1',
    'wait=1.5',
    'wait=1e3',
    'wait=1234567',
    'wait=',
    'wait',
    'return=minimal',
  ])('that is not understood is ignored: %s', (field) => {
    expect(toPreferences(field)).toEqual(nothing);
  });

  test('any text gives preferences within their bounds, and quickly', () => {
    const pieces = fc.constantFrom(
      'handling',
      'wait',
      '=',
      'strict',
      'lenient',
      '"',
      ',',
      ';',
      ' ',
      '\t',
      '9',
      '-',
      'x',
    );
    const texts = fc.oneof(
      fc.string({ maxLength: 200 }),
      fc.array(pieces, { maxLength: 400 }).map((list) => list.join('')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const { waitMs = 0, applied = 'wait=1' } = toPreferences(text);
        expect(waitMs).toBeGreaterThanOrEqual(0);
        expect(waitMs).toBeLessThanOrEqual(999_999_000);
        expect(applied).toMatch(/^(handling=(strict|lenient))?(, )?(wait=\d+)?$/);
      }),
    );
  });

  test('a field as long as a head can be takes no time', () => {
    const long = [
      ' '.repeat(16_000),
      ','.repeat(16_000),
      `handling${' '.repeat(8_000)}=${' '.repeat(8_000)}`,
      'wait=,'.repeat(2_700),
    ];
    const startedAt = performance.now();
    for (const text of long) toPreferences(text);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});
