import fc from 'fast-check';
import { beforeEach, expect, it, vi } from 'vitest';
import { createTickets } from '../../src/policies/tickets.ts';

const takeAll = (tickets: ReturnType<typeof createTickets>) => {
  let taken = 0;
  while (tickets.take()) taken += 1;
  return taken;
};

beforeEach(() => {
  vi.useFakeTimers();
});

it('has so many tickets, and they come back after their time', () => {
  const tickets = createTickets({ count: 3, callsPerTicket: 10, returnMs: 1_000 });
  expect(takeAll(tickets)).toBe(3);
  vi.advanceTimersByTime(999);
  expect([tickets.left(), takeAll(tickets)]).toEqual([0, 0]);
  vi.advanceTimersByTime(1);
  expect([tickets.left(), takeAll(tickets)]).toEqual([3, 3]);
});

it('gets one back for so many calls', () => {
  const tickets = createTickets({ count: 3, callsPerTicket: 4, returnMs: Number.POSITIVE_INFINITY });
  takeAll(tickets);
  for (let i = 0; i < 11; i += 1) tickets.countCall();
  expect(takeAll(tickets)).toBe(2);
});

it('does not save up calls while no ticket is missing', () => {
  const tickets = createTickets({ count: 1, callsPerTicket: 4, returnMs: 1_000 });
  for (let i = 0; i < 100; i += 1) tickets.countCall();
  expect(takeAll(tickets)).toBe(1);
});

it('never gives more than its count and one for so many calls, in any stretch of its return time', () => {
  const returnMs = 100;
  const steps = fc.array(fc.record({ gapMs: fc.nat(40), calls: fc.nat(12), wanted: fc.nat(6) }), { maxLength: 60 });
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 6 }), (all, count, callsPerTicket) => {
      const tickets = createTickets({ count, callsPerTicket, returnMs });
      const taken: number[] = [];
      const calls: number[] = [];
      for (const { gapMs, calls: more, wanted } of all) {
        vi.advanceTimersByTime(gapMs);
        const at = performance.now();
        for (let i = 0; i < more; i += 1) {
          tickets.countCall();
          calls.push(at);
        }
        for (let i = 0; i < wanted; i += 1) if (tickets.take()) taken.push(at);
      }
      const within = (times: readonly number[], from: number) =>
        times.filter((at) => at >= from && at < from + returnMs).length;
      for (const from of new Set([...taken, ...calls.map((at) => at + 1)])) {
        expect(within(taken, from)).toBeLessThanOrEqual(count + within(calls, from) / callsPerTicket);
      }
    }),
  );
});
