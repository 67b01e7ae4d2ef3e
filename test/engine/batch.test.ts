import { expect, test, vi } from 'vitest';
import { createBatch } from '../../src/engine/batch.ts';

test('work is done together, in order, when the first of it is due', () => {
  const schedule = vi.fn<(doAll: () => void) => void>();
  const together = createBatch(schedule);
  const done: string[] = [];

  together(() => {
    done.push('first');
    together(() => done.push('what the first brought'));
  });
  together(() => done.push('second'));
  expect(schedule).toHaveBeenCalledOnce();
  expect(done).toEqual([]);

  schedule.mock.calls[0]?.[0]();
  expect(done).toEqual(['first', 'second']);
  expect(schedule).toHaveBeenCalledTimes(2);

  schedule.mock.calls[1]?.[0]();
  expect(done).toEqual(['first', 'second', 'what the first brought']);
});
