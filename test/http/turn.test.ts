import { expect, test } from 'vitest';
import { atEndOfTurn } from '../../src/http/turn.ts';

/** Promises that settle one after another, as many as layers between a refusal and who hears of it. */
async function hop(times: number): Promise<void> {
  for (let i = 0; i < times; i += 1) await Promise.resolve();
}

test.each([
  ['a callback', (begin: () => void) => setImmediate(begin)],
  ['a tick', (begin: () => void) => process.nextTick(begin)],
  ['a promise', (begin: () => void) => queueMicrotask(begin)],
])('comes behind all promises of the turn that %s began, and before the next event', async (_name, begin) => {
  const order: string[] = [];
  const ended = new Promise<void>((resolve) => {
    begin(() => {
      setImmediate(() => {
        order.push('the next event');
        resolve();
      });
      atEndOfTurn(() => order.push('first'));
      atEndOfTurn(() => order.push('second'));
      void hop(50).then(() => order.push('promises'));
    });
  });
  await ended;
  expect(order).toEqual(['promises', 'first', 'second', 'the next event']);
});
