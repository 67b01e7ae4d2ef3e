import type { UpstreamName } from './bodies.ts';
import { type Child, startChild } from './child.ts';
import type { ServerQuestions } from './servers/serve.ts';

/** A server of the comparison. */
export interface Contestant {
  readonly label: string;
  readonly file: string;
  readonly flags: readonly string[];
}

/** Everything that can be compared, by the name it has on the command line. */
export const contestants = {
  fetch: { label: '(a) by hand, fetch', file: 'by-hand-fetch', flags: [] },
  undici: { label: '(b) by hand, undici', file: 'by-hand-undici', flags: [] },
  confluo: { label: '(c) Confluo', file: 'confluo', flags: [] },
  'confluo-bare': { label: '(c) without policies', file: 'confluo', flags: ['--no-policies'] },
  'confluo-log': { label: '(c) with request log', file: 'confluo', flags: ['--log'] },
} as const satisfies Record<string, Contestant>;

export type ContestantName = keyof typeof contestants;

/** Whether the text names a contestant. */
export const isContestant = (name: string): name is ContestantName => Object.hasOwn(contestants, name);

/** What all ratios refer to: the expert's work by hand. */
export const baseline: ContestantName = 'undici';

/** The jobs, by the first segment of their path. */
export const works = {
  merge: 'Merge without function: three answers of 1, 5 and 16 KB, embedded as they are',
  typed: 'Typed merge: each answer parsed, checked and mapped to a smaller payload',
} as const;

export type Work = keyof typeof works;

/** Whether the text names a work. */
export const isWork = (name: string): name is Work => Object.hasOwn(works, name);

/** The path that asks for a work. */
export const pathOf = (work: Work): string => `/${work}/42`;

/** A server that listens. */
export interface RunningServer {
  readonly name: ContestantName;
  readonly port: number;
  readonly child: Child<ServerQuestions>;
}

/** Starts a contestant as its own process and waits until it listens. */
export async function startServer(
  name: ContestantName,
  origins: Readonly<Record<UpstreamName, string>>,
  core: number | undefined,
): Promise<RunningServer> {
  const { file, flags } = contestants[name];
  const args = [...flags, origins.catalog, origins.reviews, origins.stock];
  const child = startChild<ServerQuestions>(new URL(`./servers/${file}.ts`, import.meta.url), { args, core });
  return { name, port: await child.ask('listen'), child };
}
