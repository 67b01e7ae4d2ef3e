import { describe, expect, it } from 'vitest';
import { answerRates } from '../../demo/apis/rates.ts';
import { latestRates, toRate } from '../../providers/rates.ts';
import { answerOf, failureOf } from './ask-embedded.ts';

describe('rates', () => {
  it('gives every rate for a base', async () => {
    const latest = await answerOf(latestRates, answerRates, { base: 'USD' });
    expect(latest.base).toBe('USD');
    expect(latest.date).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    expect(toRate(latest, 'EUR')).toBeGreaterThan(0.5);
    expect(toRate(latest, 'EUR')).toBeLessThan(1.5);
  });

  it('takes the base for one of itself', async () => {
    expect(toRate(await answerOf(latestRates, answerRates, { base: 'EUR' }), 'EUR')).toBe(1);
  });

  it('has no rate for what the bank does not publish', async () => {
    const latest = await answerOf(latestRates, answerRates, { base: 'EUR' });
    expect(toRate(latest, 'XCD')).toBeNull();
    expect(toRate(latest, 'constructor')).toBeNull();
  });

  it('does not find a base that the bank does not publish', async () => {
    expect(await failureOf(latestRates, answerRates, { base: 'XCD' })).toBe('not_found');
  });
});
