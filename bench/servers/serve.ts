import type { Server } from 'node:http';
import { type Profiler, Session } from 'node:inspector/promises';
import { parseArgs } from 'node:util';
import { type UpstreamName, upstreamNames } from '../bodies.ts';
import { answerQuestions } from '../child.ts';
import { readCpu, type Usage } from '../measure.ts';

/** Milliseconds that every server gives to an answer. */
export const deadlineMs = 2_000;

/** What a server under test is told. */
export interface ServerOptions {
  readonly origins: Readonly<Record<UpstreamName, string>>;
  /** Policies around the calls; only Confluo has any to leave out. */
  readonly policies: boolean;
  /** A line in the log for every request. */
  readonly log: boolean;
}

/** The part of a Fastify server that is needed here. */
interface Listening {
  readonly server: Server;
  listen(options: { readonly port: number; readonly host: string }): Promise<string>;
}

/** Runs a server under test: the parent asks it for its port, its use of the CPU, and a profile. */
export function serve(create: (options: ServerOptions) => Listening | Promise<Listening>): void {
  let requests = 0;
  const profiler = new Session();

  const questions = {
    listen: async (): Promise<number> => {
      const app = await create(readOptions());
      app.server.on('request', () => {
        requests += 1;
      });
      return Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port);
    },
    usage: (): Usage => ({ ...readCpu(), requests, rssBytes: process.memoryUsage.rss() }),
    startProfile: async (): Promise<void> => {
      profiler.connect();
      await profiler.post('Profiler.enable');
      await profiler.post('Profiler.start');
    },
    stopProfile: async (): Promise<Profiler.Profile> => {
      const { profile } = await profiler.post('Profiler.stop');
      profiler.disconnect();
      return profile;
    },
  };
  answerQuestions(questions);
}

/** What a server under test answers to. */
export type ServerQuestions = {
  readonly listen: () => Promise<number>;
  readonly usage: () => Usage;
  readonly startProfile: () => Promise<void>;
  readonly stopProfile: () => Promise<Profiler.Profile>;
};

function readOptions(): ServerOptions {
  const { values, positionals } = parseArgs({
    options: { 'no-policies': { type: 'boolean', default: false }, log: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  if (positionals.length !== upstreamNames.length) throw new Error(`needs the origins of ${upstreamNames.join(', ')}`);
  const [catalog = '', reviews = '', stock = ''] = positionals;
  return { origins: { catalog, reviews, stock }, policies: !values['no-policies'], log: values.log };
}
