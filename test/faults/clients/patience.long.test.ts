import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { get, post } from './corpus/row.ts';
import { openRaw } from './raw.ts';
import { openStage, type Stage } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

describe('with the default limits, within a second', () => {
  test.concurrent.each<[string, string, string, number[], number]>([
    ['half a head', 'GET / HTTP/1.1\r\nHo', '', [408], 5_000],
    ['a head in drips', 'GET / HTTP/1.1\r\n', 'a', [408], 5_000],
    ['half a body', post('{"a"', 'Content-Length: 99'), '', [408], 10_000],
    ['a body in drips', post('{"a"', 'Content-Length: 99'), ' ', [408], 10_000],
    ['nothing', '', '', [], 15_000],
    ['an answer that is not taken', get('/v1/big'), 'unread', [], 5_000],
  ])('%s', { timeout: 20_000 }, async (_name, bytes, drip, statuses, ms) => {
    const client = await openRaw(stage.port, { patienceMs: 18_000 });
    const isUnread = drip === 'unread';
    if (isUnread) client.socket.pause();
    const startedAt = performance.now();
    client.send(bytes);
    const timer = setInterval(() => drip !== '' && !isUnread && client.send(drip), 400);
    // A socket that is not read does not tell that it was reset, until it is written to.
    const knock = setInterval(() => isUnread && client.socket.write(' '), 250);
    expect(await client.closed()).toBe(true);
    clearInterval(timer);
    clearInterval(knock);
    expect(client.answers.map(({ status }) => status)).toEqual(statuses);
    expect(Math.abs(performance.now() - startedAt - ms)).toBeLessThan(isUnread ? 1_600 : 1_000);
  });
});
