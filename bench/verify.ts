import { isDeepStrictEqual } from 'node:util';
import type { RunningServer } from './servers.ts';
import type { Work } from './works.ts';

/** The part of an answer that all servers have in common. */
interface Answer {
  readonly data: Readonly<Record<string, unknown>>;
  readonly complete: boolean;
  readonly sources: Readonly<Record<string, { readonly status: string }>>;
}

/**
 * Asks every server and compares. A cold one may be late, so each is asked twice.
 *
 * @throws Error when an answer is not what all have agreed to: the lost source `failed`, all others `ok`.
 */
export async function verifyAnswers(servers: readonly RunningServer[], { path, sources, lost }: Work): Promise<void> {
  const ask = async ({ name, port }: RunningServer): Promise<Answer> => {
    await get(port, path).catch(() => undefined);
    const body = await get(port, path);
    // What is missing in it fails the comparison below.
    if (name !== 'krakend') return body as Answer;
    // KrakenD answers with the data alone, and leaves out what is lost.
    return { ...toAnswer(sources, lost), data: { ...(lost ? { [lost]: null } : {}), ...body } };
  };
  const answers = await Promise.all(servers.map(ask));
  answers.forEach((answer, index) => {
    const who = `${servers[index]?.name} ${path}`;
    if (!isDeepStrictEqual(answer.data, answers[0]?.data))
      throw new Error(`${who}: other data than ${servers[0]?.name}`);
    if (answer.complete !== !lost) throw new Error(`${who}: complete is ${answer.complete}`);
    for (const name of sources) {
      const expected = name === lost ? 'failed' : 'ok';
      const status = answer.sources[name]?.status;
      if (status !== expected) throw new Error(`${who}: source ${name} is ${status}, not ${expected}`);
    }
  });
}

async function get(port: number, path: string): Promise<object> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(5_000) });
  if (response.status !== 200) throw new Error(`${path}: status ${response.status}: ${await response.text()}`);
  const body: unknown = await response.json();
  if (typeof body !== 'object' || body === null) throw new Error(`${path}: no object`);
  return body;
}

const toAnswer = (sources: readonly string[], lost: string | undefined): Omit<Answer, 'data'> => ({
  complete: !lost,
  sources: Object.fromEntries(sources.map((name) => [name, { status: name === lost ? 'failed' : 'ok' }])),
});
