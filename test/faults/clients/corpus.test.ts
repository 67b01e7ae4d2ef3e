import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { defects } from '../report.ts';
import { corpus } from './corpus/all.ts';
import type { CorpusRow, Reached } from './corpus/row.ts';
import { exchange, type RawAnswer } from './raw.ts';
import { openStage, probe, type Stage } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());
afterEach(() => {
  for (const list of [stage.handled, stage.sent, stage.lines]) list.length = 0;
});

describe.each(Object.entries(corpus))('raw requests, %s', (_group, rows) => {
  test.each(rows.map((row) => [row.name, row] as const))('%s', async (_name, row) => {
    await expectRow(row);
    expect(defects).toEqual([]);
  });
});

const byValue = (a: number, b: number) => a - b;
const byRoute = (a: Reached, b: Reached) => a.route.localeCompare(b.route);

async function expectRow({ bytes, statuses, after, handled = [], isHead = false }: CorpusRow): Promise<void> {
  const result = await exchange(
    stage.port,
    bytes,
    { answers: statuses.length, after },
    { probe: isHead ? probe.replace('GET', 'HEAD') : probe, isHead },
  );

  const actual = { statuses: result.answers.map(({ status }) => status), after: result.after, rest: result.rest };
  expect(actual).toEqual({ statuses, after, rest: '' });
  // Requests of one connection run beside each other.
  expect(stage.handled.toSorted(byRoute)).toMatchObject(handled.toSorted(byRoute));
  expect(stage.handled).toHaveLength(handled.length);
  expect(stage.sent.map(({ url }) => toId(url)).toSorted()).toEqual(handled.flatMap(toIds).toSorted());
  for (const answer of result.answers) if (answer.status !== 200) expectProblem(answer, isHead);
  await expect
    .poll(() => stage.lines.map(({ status }) => Number(status)).toSorted(byValue))
    .toEqual(statuses.toSorted(byValue));
}

/** The parameter as the upstream got it: one segment of the path, whatever is in it. */
function toId(url: string): string {
  const [, things, id = '', parts, ...more] = url.split('/');
  expect({ things, parts, more }).toEqual({ things: 'things', parts: 'parts', more: [] });
  expect(id).not.toMatch(/[?#\\]|^\.{0,2}$/);
  return decodeURIComponent(id);
}

const toIds = ({ params }: Reached): readonly string[] => (typeof params?.['id'] === 'string' ? [params['id']] : []);

function expectProblem({ status, headers, body }: RawAnswer, isHead: boolean): void {
  expect(headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(headers['cache-control']).toBe('no-store');
  if (!isHead)
    expect(JSON.parse(body)).toMatchObject({ type: 'about:blank', status, requestId: headers['x-request-id'] });
}
