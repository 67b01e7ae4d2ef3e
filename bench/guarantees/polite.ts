import { constants, getPriority, setPriority } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { createClient } from './client.ts';
import { watchStolen } from './stolen.ts';

/** Clients with connections of their own that come back only after the longest Retry-After, and what lies between them. */
const politeClients = 200;
const patienceMs = 3_500;
/** What the problem of a shed request says. */
const shedDetail = 'the server has too much to do';

/** What those saw who had not come back before they were told to. */
export interface PoliteFigures {
  /** How long they waited for their 503, milliseconds. */
  readonly shedTimes: readonly number[];
  /** Of how many the machine had taken a core meanwhile; their times are not among them. */
  readonly stolen: number;
}

/** Asks, now and then, from connections that were open before, for so long, and comes before everybody else on the core. */
export const findShedTimes = (port: number, path: string, seconds: number): Promise<PoliteFigures> =>
  comingFirst(() => askNowAndThen(port, path, seconds));

/** Whoever measures how long an answer took must not wait for a core that the load has; where the system lets it, it does not. */
async function comingFirst<T>(measure: () => Promise<T>): Promise<T> {
  const usual = getPriority();
  try {
    setPriority(constants.priority.PRIORITY_HIGHEST);
  } catch {
    return measure();
  }
  return measure().finally(() => setPriority(usual));
}

async function askNowAndThen(port: number, path: string, seconds: number): Promise<PoliteFigures> {
  const until = performance.now() + seconds * 1_000;
  const shedTimes: number[] = [];
  let stolen = 0;
  const ask = async (index: number): Promise<void> => {
    const client = createClient(port, 1);
    await wait((index / politeClients) * patienceMs);
    for (let isFirst = true; performance.now() < until; isFirst = false) {
      const stolenSince = watchStolen();
      const { body, tookMs } = await client.get(path);
      // What waited, and found an upstream busy, is another 503.
      if (body.includes(shedDetail) && !isFirst) {
        if (stolenSince().mostMs > 0) stolen += 1;
        else shedTimes.push(tookMs);
      }
      await wait(patienceMs);
    }
    client.close();
  };
  await Promise.all(Array.from({ length: politeClients }, (_, index) => ask(index)));
  return { shedTimes, stolen };
}
