import { type Child, canPin, startChild } from './child.ts';
import { type Compared, compare, measure, type Pace, warmUp } from './compare.ts';
import type { LoadQuestions } from './load.ts';
import { selectRounds, toFigures } from './measure.ts';
import { summarise } from './profile.ts';
import type { ServerSetup } from './servers/serve.ts';
import { baseline, type ContestantName, contestants, type RunningServer, startServer } from './servers.ts';
import type { Row } from './table.ts';
import type { UpstreamQuestions } from './upstream.ts';
import { verifyAnswers } from './verify.ts';
import type { Work } from './works.ts';

/** The upstream and the load generator, running; servers come and go with each job. */
export interface Session {
  readonly pinned: boolean;
  /** The core of everything but the servers, where there is one. */
  readonly otherCore: number | undefined;
  readonly load: Child<LoadQuestions>;
  /** Runs servers as long as `use` takes. */
  withServers<T>(names: readonly ContestantName[], options: ServersOptions, use: Use<T>): Promise<T>;
  /** Measures one work with servers that run. */
  compare(servers: readonly RunningServer[], work: Work, pace: Pace): Promise<Comparison>;
  /**
   * Measures one work in as many sittings as the pace has, each with servers started anew: two processes of one program differ by a
   * tenth for minutes. `arrange` gives those to measure, by default all.
   */
  compareAnew(
    names: readonly ContestantName[],
    work: Work,
    pace: Pace,
    arrange?: (servers: readonly RunningServer[]) => Promise<readonly RunningServer[]>,
  ): Promise<Comparison>;
  /**
   * Measures several works with servers that run, so many laps through all of them: what each costs is compared with the others, and
   * the machine's speed moves within a minute. Warms up in the first lap.
   */
  compareInLaps(
    servers: readonly RunningServer[],
    loads: readonly Load[],
    laps: number,
  ): Promise<readonly Comparison[]>;
  /** Where the CPU time of one warm server goes. */
  profile(name: ContestantName, work: Work, pace: Pace): Promise<ReturnType<typeof summarise>>;
  end(): void;
}

/** How servers are started. */
export interface ServersOptions {
  readonly setup?: ServerSetup;
  /** Not bound to the one core that servers have. */
  readonly anyCore?: boolean;
}

/** One work of several. */
export interface Load {
  readonly work: Work;
  /** That of each lap. */
  readonly pace: Pace;
}

type Use<T> = (servers: readonly RunningServer[]) => Promise<T>;

/** What came of one work. */
export interface Comparison extends Compared {
  /** One a server, with its ratio to `reference`, by default (b), or else the first. */
  toRows(reference?: ContestantName): readonly Row[];
  /** CPU time that upstream and load generator took for each request, warm-up included, microseconds. */
  readonly othersMicrosPerRequest: number;
  /** How often the upstream could have served what the fastest server of ours asked of it; below 3 it shapes the figures. */
  readonly upstreamHeadroom: number;
}

/** The windows of one sitting, and what they took of everybody else. */
interface Sitting extends Compared {
  readonly servers: readonly RunningServer[];
  readonly calls: number;
  readonly upstreamMicros: number;
  readonly loadMicros: number;
}

/** Starts the upstream and the load generator. By default all processes are bound to cores where they can be. */
export async function openSession(pinned: boolean = canPin()): Promise<Session> {
  const [serverCore, otherCore] = pinned ? [0, 1] : [undefined, undefined];
  const upstream = startChild<UpstreamQuestions>(new URL('./upstream.ts', import.meta.url), { core: otherCore });
  const load = startChild<LoadQuestions>(new URL('./load.ts', import.meta.url), { core: otherCore });
  const origins = await upstream.ask('listen');

  async function withServers<T>(
    names: readonly ContestantName[],
    { setup, anyCore = false }: ServersOptions,
    use: Use<T>,
  ): Promise<T> {
    const core = anyCore ? undefined : serverCore;
    const starts = await Promise.allSettled(names.map((name) => startServer(name, origins, { core, setup })));
    const servers = starts.flatMap((start) => (start.status === 'fulfilled' ? start.value : []));
    try {
      const failed = starts.find((start) => start.status === 'rejected');
      if (failed) throw new Error('a server did not start', { cause: failed.reason });
      return await use(servers);
    } finally {
      for (const server of servers) server.stop();
    }
  }

  async function sit(servers: readonly RunningServer[], work: Work, pace: Pace): Promise<Sitting> {
    await verifyAnswers(servers, work);
    const [before, loadBefore] = [await upstream.ask('usage'), await load.ask('cpu')];
    const compared = await compare(servers, work, load, pace);
    const [after, loadAfter] = [await upstream.ask('usage'), await load.ask('cpu')];
    return {
      ...compared,
      servers,
      calls: after.requests - before.requests,
      upstreamMicros: after.cpuMicros - before.cpuMicros,
      loadMicros: loadAfter.cpuMicros - loadBefore.cpuMicros,
    };
  }

  async function compareAnew(
    names: readonly ContestantName[],
    work: Work,
    pace: Pace,
    arrange: (servers: readonly RunningServer[]) => Promise<readonly RunningServer[]> = async (servers) => servers,
  ): Promise<Comparison> {
    const sittings: Sitting[] = [];
    while (sittings.length < pace.sittings) {
      sittings.push(await withServers(names, {}, async (servers) => sit(await arrange(servers), work, pace)));
    }
    return toComparison(sittings, work);
  }

  async function compareInLaps(
    servers: readonly RunningServer[],
    loads: readonly Load[],
    laps: number,
  ): Promise<readonly Comparison[]> {
    const taken = loads.map(({ work, pace }) => {
      const sittings: Sitting[] = [];
      return { work, pace, sittings };
    });
    for (let lap = 0; lap < laps; lap += 1) {
      for (const { work, pace, sittings } of lap % 2 === 0 ? taken : taken.toReversed()) {
        sittings.push(await sit(servers, work, lap === 0 ? pace : { ...pace, warmupMs: 0 }));
      }
    }
    return taken.map(({ work, sittings }) => toComparison(sittings, work));
  }

  const profile = (name: ContestantName, work: Work, pace: Pace) =>
    withServers([name], {}, async ([server]) => {
      if (!server?.child) throw new Error(`${name} cannot be profiled from here`);
      await warmUp(server, work, load, pace);
      await server.child.ask('startProfile');
      await measure(server, work, load, { ...pace, windowMs: 5_000 });
      return summarise(await server.child.ask('stopProfile'));
    });

  return {
    pinned,
    otherCore,
    load,
    withServers,
    compare: async (servers, work, pace) => toComparison([await sit(servers, work, pace)], work),
    compareAnew,
    compareInLaps,
    profile,
    end: () => {
      upstream.stop();
      load.stop();
    },
  };
}

function toComparison(sittings: readonly Sitting[], work: Work): Comparison {
  const servers = sittings[0]?.servers ?? [];
  const windows = servers.map((_, index) => sittings.flatMap((sitting) => sitting.windows[index] ?? []));
  const rounds = selectRounds(windows);
  const toRows = (reference = baseline): readonly Row[] => {
    const index = servers.findIndex(({ name }) => name === reference);
    const others = windows[Math.max(0, index)] ?? [];
    return servers.map(({ name }, at) => ({
      label: contestants[name].label,
      figures: toFigures(windows[at] ?? [], others, rounds),
    }));
  };
  const sum = (read: (sitting: Sitting) => number) => sittings.reduce((total, sitting) => total + read(sitting), 0);
  const calls = sum((sitting) => sitting.calls);
  const upstreamMicros = sum((sitting) => sitting.upstreamMicros);
  const othersMicros = upstreamMicros + sum((sitting) => sitting.loadMicros);
  const rates = toRows().map(({ figures }, index) => (servers[index]?.child ? figures.requestsPerSecond : 0));
  const asked = work.sources.length * Math.max(...rates);
  return {
    toRows,
    windows,
    wrong: sittings.flatMap(({ wrong }) => wrong),
    othersMicrosPerRequest: (othersMicros * work.sources.length) / calls,
    upstreamHeadroom: ((calls / upstreamMicros) * 1e6) / asked,
  };
}
