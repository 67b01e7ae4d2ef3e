import type { UpstreamName } from './bodies.ts';
import { canPin, startChild } from './child.ts';
import { compare, measure, type Pace, warmUp } from './compare.ts';
import type { LoadQuestions } from './load.ts';
import { selectRounds, toFigures } from './measure.ts';
import { summarise } from './profile.ts';
import type { WorkResult } from './result.ts';
import {
  baseline,
  type ContestantName,
  contestants,
  type RunningServer,
  startServer,
  type Work,
  works,
} from './servers.ts';
import type { UpstreamQuestions } from './upstream.ts';
import { verifyAnswers } from './verify.ts';

/** The upstream and the load generator, running; servers come and go with each job. */
export interface Session {
  readonly pinned: boolean;
  /** Measures one job with all the servers. */
  compareWork(names: readonly ContestantName[], work: Work, pace: Pace): Promise<WorkResult>;
  /** Where the CPU time of one warm server goes. */
  profile(name: ContestantName, work: Work, pace: Pace): Promise<ReturnType<typeof summarise>>;
  end(): void;
}

type Origins = Readonly<Record<UpstreamName, string>>;

/** An address where nothing listens: TCP port 1 is reserved (RFC 1078). */
const nowhere = 'http://127.0.0.1:1';

/** Starts the upstream and the load generator. */
export async function openSession(): Promise<Session> {
  const pinned = canPin();
  const serverCore = pinned ? 0 : undefined;
  const core = pinned ? 1 : undefined;
  const upstream = startChild<UpstreamQuestions>(new URL('./upstream.ts', import.meta.url), { core });
  const load = startChild<LoadQuestions>(new URL('./load.ts', import.meta.url), { core });
  const origins = await upstream.ask('listen');

  async function withServers<T>(
    names: readonly ContestantName[],
    to: Origins,
    use: (servers: readonly RunningServer[]) => Promise<T>,
  ): Promise<T> {
    const servers: RunningServer[] = [];
    try {
      // One after another: they share a core.
      for (const name of names) servers.push(await startServer(name, to, serverCore));
      return await use(servers);
    } finally {
      for (const { child } of servers) child.stop();
    }
  }

  async function compareWork(names: readonly ContestantName[], work: Work, pace: Pace): Promise<WorkResult> {
    await withServers(names, { ...origins, stock: nowhere }, (servers) => verifyAnswers(servers, work, 'stock'));
    return withServers(names, origins, async (servers) => {
      await verifyAnswers(servers, work);
      const before = await upstream.ask('usage');
      const measured = await compare(servers, work, load, pace);
      const after = await upstream.ask('usage');
      const rounds = selectRounds(measured);
      const reference = measured[Math.max(0, names.indexOf(baseline))] ?? [];
      const rows = names.map((name, index) => ({
        label: contestants[name].label,
        figures: toFigures(measured[index] ?? [], reference, rounds),
      }));
      const capacity = ((after.requests - before.requests) / (after.cpuMicros - before.cpuMicros)) * 1e6;
      const asked = 3 * Math.max(...rows.map(({ figures }) => figures.requestsPerSecond));
      return { work, title: works[work], rows, upstreamHeadroom: capacity / asked };
    });
  }

  const profile = (name: ContestantName, work: Work, pace: Pace) =>
    withServers([name], origins, async ([server]) => {
      if (!server) throw new Error('no server');
      await warmUp(server, work, load, pace);
      await server.child.ask('startProfile');
      await measure(server, work, load, { ...pace, windowMs: 5_000 });
      return summarise(await server.child.ask('stopProfile'));
    });

  return {
    pinned,
    compareWork,
    profile,
    end: () => {
      upstream.stop();
      load.stop();
    },
  };
}
