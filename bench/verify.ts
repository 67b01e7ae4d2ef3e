import { isDeepStrictEqual } from 'node:util';
import { pathOf, type RunningServer, type Work } from './servers.ts';

/** The part of an answer that all servers have in common. */
interface Answer {
  readonly data: Readonly<Record<string, unknown>>;
  readonly complete: boolean;
  readonly sources: Readonly<Record<string, { readonly status: string }>>;
}

/**
 * Asks every server once and compares.
 *
 * @param lost the source whose upstream is gone: it must be `failed`, and the answer partial.
 * @throws Error when an answer is not what all have agreed to.
 */
export async function verifyAnswers(servers: readonly RunningServer[], work: Work, lost?: string): Promise<void> {
  const answers = await Promise.all(servers.map(({ port }) => ask(port, pathOf(work))));
  answers.forEach((answer, index) => {
    const who = `${servers[index]?.name} ${pathOf(work)}`;
    if (!isDeepStrictEqual(answer.data, answers[0]?.data))
      throw new Error(`${who}: other data than ${servers[0]?.name}`);
    if (answer.complete !== !lost) throw new Error(`${who}: complete is ${answer.complete}`);
    for (const name of ['catalog', 'reviews', 'stock']) {
      const expected = name === lost ? 'failed' : 'ok';
      const status = answer.sources[name]?.status;
      if (status !== expected) throw new Error(`${who}: source ${name} is ${status}, not ${expected}`);
    }
  });
}

async function ask(port: number, path: string): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(5_000) });
  if (response.status !== 200) throw new Error(`${path}: status ${response.status}: ${await response.text()}`);
  return (await response.json()) as Answer; // what is missing in it fails the comparison above
}
