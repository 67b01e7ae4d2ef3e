import { type Child, startChild } from './child.ts';
import type { Usage } from './measure.ts';
import { isInstalled, type PeerName, startPeer } from './peers.ts';
import { type ServerQuestions, type ServerSetup, usual } from './servers/serve.ts';
import type { Origins } from './upstream.ts';

/** A server of the comparison: a program of ours in `servers/`, or somebody else's with its configuration in `peers/`. */
export type Contestant =
  | { readonly label: string; readonly file: string; readonly setup?: ServerSetup }
  | { readonly label: string; readonly peer: PeerName };

/** Everything that can be compared, by the name it has on the command line. */
export const contestants = {
  fetch: { label: '(a) by hand, fetch', file: 'by-hand-fetch' },
  undici: { label: '(b) by hand, undici', file: 'by-hand-undici' },
  confluo: { label: '(c) Confluo', file: 'confluo' },
  'confluo-bare': { label: '(c) without policies', file: 'confluo', setup: { policies: false } },
  'confluo-log': { label: '(c) with request log', file: 'confluo', setup: { log: true } },
  'confluo-patient': { label: '(c) without breaker', file: 'confluo', setup: { policies: { breaker: false } } },
  'confluo-coalesce': { label: '(c) with coalescing', file: 'confluo', setup: { policies: { coalesce: true } } },
  'confluo-one': { label: '(c) in one process', file: 'confluo-workers' },
  'confluo-two': { label: '(c) in two processes', file: 'confluo-workers', setup: { workers: 2 } },
  nginx: { label: 'nginx and Lua', peer: 'nginx' },
  krakend: { label: 'KrakenD', peer: 'krakend' },
} as const satisfies Record<string, Contestant>;

export type ContestantName = keyof typeof contestants;

/** Whether the text names a contestant. */
export const isContestant = (name: string): name is ContestantName => Object.hasOwn(contestants, name);

/** What all ratios refer to, unless a mode says otherwise: the expert's work by hand. */
export const baseline: ContestantName = 'undici';

/** Whether a contestant is somebody else's program. */
export const isPeer = (name: ContestantName | undefined): boolean => name !== undefined && 'peer' in contestants[name];

/** Whether the program of a contestant is here. */
export function isHere(name: ContestantName): boolean {
  const contestant: Contestant = contestants[name];
  return !('peer' in contestant) || isInstalled(contestant.peer);
}

/** A server that listens. */
export interface RunningServer {
  readonly name: ContestantName;
  readonly port: number;
  usage(): Promise<Usage>;
  stop(): void;
  /** Asked before each window. */
  prepare?(): Promise<void>;
  /** Programs of ours answer questions. */
  readonly child?: Child<ServerQuestions>;
}

/** Starts a contestant as its own process and waits until it listens. What it is itself known by wins over `setup`. */
export async function startServer(
  name: ContestantName,
  origins: Origins,
  { core, setup }: { readonly core?: number | undefined; readonly setup?: ServerSetup | undefined },
): Promise<RunningServer> {
  const contestant: Contestant = contestants[name];
  if ('peer' in contestant) return { name, ...(await startPeer(contestant.peer, origins, core)) };
  const child = startChild<ServerQuestions>(new URL(`./servers/${contestant.file}.ts`, import.meta.url), { core });
  try {
    const port = await child.ask('listen', { ...usual, ...setup, ...contestant.setup, origins });
    return { name, port, child, usage: () => child.ask('usage'), stop: child.stop };
  } catch (error) {
    child.stop();
    throw error;
  }
}
