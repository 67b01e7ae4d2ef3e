import { describe, expect, test } from 'vitest';
import { toRandomHex, toTrace, toTraceparent } from '../../src/engine/trace.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const parentId = '00f067aa0ba902b7';

describe('a traceparent field', () => {
  test.each([
    ['as the recommendation has it', `00-${traceId}-${parentId}-01`, '01'],
    ['not sampled', `00-${traceId}-${parentId}-00`, '00'],
    ['of a later version', `01-${traceId}-${parentId}-01`, '01'],
    ['of a later version with more in it', `cc-${traceId}-${parentId}-01-what-comes-later`, '01'],
  ])('%s is continued', (_what, field, traceFlags) => {
    expect(toTrace(field)).toEqual({ traceId, traceFlags });
  });

  test.each([
    ['absent', undefined],
    ['sent twice', [`00-${traceId}-${parentId}-01`]],
    ['empty', ''],
    ['in upper case', `00-${traceId.toUpperCase()}-${parentId}-01`],
    ['too short', `00-${traceId.slice(1)}-${parentId}-01`],
    ['of the forbidden version', `ff-${traceId}-${parentId}-01`],
    ['of version 00 with more in it', `00-${traceId}-${parentId}-01-more`],
    ['with a trace of zeros', `00-${'0'.repeat(32)}-${parentId}-01`],
    ['with a parent of zeros', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['with a line feed after it', `00-${traceId}-${parentId}-01\n`],
  ])('%s begins a trace of its own, not sampled', (_what, field) => {
    const trace = toTrace(field);
    expect(trace.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(trace.traceId).not.toBe(traceId);
    expect(trace.traceFlags).toBe('00');
  });
});

test('a call carries the trace on, with a span of its own', () => {
  const trace = { traceId, traceFlags: '01' };
  const fields = [toTraceparent(trace), toTraceparent(trace)];
  for (const field of fields) expect(field).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
  expect(fields[0]).not.toBe(fields[1]);
  expect(toTrace(fields[0])).toEqual(trace);
});

test('random hex has the length asked for and does not repeat when the pool is filled anew', () => {
  const drawn = Array.from({ length: 1_000 }, () => toRandomHex(16));
  for (const hex of drawn) expect(hex).toMatch(/^[0-9a-f]{32}$/);
  expect(new Set(drawn).size).toBe(1_000);
});
