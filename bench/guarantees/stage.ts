import { bindToCore, type Child, canPin, startChild } from '../child.ts';
import type { LoadQuestions } from '../load.ts';
import type { OpenLoopQuestions, Stream, StreamFigures } from './open-loop.ts';
import type { ServerQuestions, ServerSetup } from './server.ts';
import type { UpstreamQuestions } from './upstream.ts';

/** A server under test and its upstreams, each a process. */
export interface Stage {
  /** Where the server listens. */
  readonly port: number;
  readonly server: Child<ServerQuestions>;
  readonly upstream: Child<UpstreamQuestions>;
  /** Loads the server for so long, at the rates given, whatever it answers. */
  loadOpenly(seconds: number, streams: readonly Stream[]): Promise<readonly StreamFigures[]>;
  /** The same with one path and in steps, one behind the other, over so many connections; tells what came of each. */
  loadInSteps(path: string, steps: readonly Step[], connections?: number): Promise<readonly StreamFigures[]>;
  /** What one path gets through with so many connections that always ask: requests a second. */
  findCapacity(seconds: number, path: string, connections: number): Promise<number>;
}

/** A time in which the load does not change. */
export interface Step {
  readonly seconds: number;
  /** Requests a second. */
  readonly rate: number;
  /** What happens at its begin. */
  readonly happen?: () => Promise<unknown>;
}

/** As many as a server takes from one address by default; what comes while all are busy waits, and the wait counts. */
const usualConnections = 256;
const isPinned = canPin();
/** The server has a core of its own; everything else shares the other, and so does who measures. */
const [serverCore, otherCore] = isPinned ? [0, 1] : [undefined, undefined];

/** Runs a play on a stage that it has for itself. */
export async function withStage<T>(setup: ServerSetup, play: (stage: Stage) => Promise<T>): Promise<T> {
  const names = [...new Set(setup.routes.flatMap(({ required = [], optional = [] }) => [...required, ...optional]))];
  if (otherCore !== undefined) bindToCore(otherCore);
  const children: { stop(): void }[] = [];
  const start = <C extends { stop(): void }>(child: C): C => {
    children.push(child);
    return child;
  };
  const at = (file: string) => new URL(file, import.meta.url);
  try {
    const upstream = start(startChild<UpstreamQuestions>(at('./upstream.ts'), { core: otherCore }));
    const server = start(startChild<ServerQuestions>(at('./server.ts'), { core: serverCore }));
    const port = await server.ask('listen', await upstream.ask('listen', names), setup);

    return await play({
      port,
      server,
      upstream,
      async loadOpenly(seconds, streams) {
        const load = start(startChild<OpenLoopQuestions>(at('./open-loop.ts'), { core: otherCore }));
        await load.ask('start', port, streams, usualConnections);
        await pause(seconds);
        const figures = await load.ask('stop');
        load.stop();
        return figures.flat();
      },
      async loadInSteps(path, steps, connections = usualConnections) {
        const load = start(startChild<OpenLoopQuestions>(at('./open-loop.ts'), { core: otherCore }));
        await load.ask('start', port, [{ path, rate: 0 }], connections);
        for (const { seconds, rate, happen } of steps) {
          await happen?.();
          await load.ask('pace', [rate]);
          await pause(seconds);
        }
        const [figures = []] = await load.ask('stop');
        load.stop();
        return figures.slice(1); // before the first step there was nothing
      },
      async findCapacity(seconds, path, connections) {
        const load = start(startChild<LoadQuestions>(at('../load.ts'), { core: otherCore }));
        await load.ask('start', { port, path, connections });
        await pause(seconds / 2); // the code gets warm
        await load.ask('mark');
        await pause(seconds / 2);
        const { answers, errors, errorsBy } = await load.ask('take');
        load.stop();
        if (errors > answers / 100)
          throw new Error(`${path}: ${answers} were answered, not so ${JSON.stringify(errorsBy)}`);
        return (answers * 2) / seconds;
      },
    });
  } finally {
    for (const child of children) child.stop();
  }
}

/** Resolves after so many seconds. */
export const pause = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1_000));

/** Does something so many times, so many at once. */
export async function repeat(times: number, atOnce: number, run: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const runAll = async () => {
    while (next < times) {
      next += 1;
      await run(next - 1);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, runAll));
}
