import type { Server } from 'node:http';
import { type Profiler, Session } from 'node:inspector/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { StandardOptions } from '../../src/policies/standard.ts';
import { answerQuestions } from '../child.ts';
import { readCpu, type Usage } from '../measure.ts';
import type { Origins } from '../upstream.ts';

/** What differs from how a server usually runs. */
export interface ServerSetup {
  /** What differs from the standard policies; false leaves all out. Only Confluo has any. */
  readonly policies?: StandardOptions | false;
  /** A line in the log for every request. */
  readonly log?: boolean;
  /** Milliseconds for an answer. */
  readonly deadlineMs?: number;
  /** Sockets to each upstream at most. */
  readonly upstreamConnections?: number;
  /** Processes that answer, where a server is made of several. */
  readonly workers?: number;
}

/** What a server under test is told. */
export interface ServerOptions extends Required<ServerSetup> {
  readonly origins: Origins;
}

/** How every server usually runs. */
export const usual = {
  policies: {},
  log: false,
  deadlineMs: 2_000,
  upstreamConnections: 64,
  workers: 1,
} as const satisfies Required<ServerSetup>;

/** The part of a Fastify server that is needed here. */
interface Listening {
  /** Where the lines of requests go, if anywhere. */
  readonly logger?: { level: string } | undefined;
  readonly server: Server;
  listen(options: { readonly port: number; readonly host: string; readonly backlog: number }): Promise<string>;
}

/** Runs a server under test: the parent asks it for its port, its use of the CPU and of memory, and a profile. */
export function serve(create: (options: ServerOptions) => Listening | Promise<Listening>): void {
  let requests = 0;
  let setLevel = (_level: string): void => {};
  const profiler = new Session();

  const questions: ServerQuestions = {
    async listen(options) {
      const app = await create(options);
      setLevel = (level) => {
        if (!app.logger) throw new Error('the server has no log');
        app.logger.level = level;
      };
      app.server.on('request', () => {
        requests += 1;
      });
      return Number(new URL(await app.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 })).port);
    },
    setLevel: (level) => setLevel(level),
    usage: () => ({ ...readCpu(), requests, rssBytes: process.memoryUsage.rss() }),
    async memory() {
      setFlagsFromString('--expose-gc');
      const collect = runInNewContext('gc') as () => void; // what the flag defines
      collect();
      // What is cleaned up after a collection may leave more behind.
      await new Promise((resolve) => setImmediate(resolve));
      collect();
      const { heapUsed, external, rss } = process.memoryUsage();
      return { usedBytes: heapUsed + external, rssBytes: rss };
    },
    async startProfile() {
      profiler.connect();
      await profiler.post('Profiler.enable');
      await profiler.post('Profiler.start');
    },
    async stopProfile() {
      const { profile } = await profiler.post('Profiler.stop');
      profiler.disconnect();
      return profile;
    },
  };
  answerQuestions(questions);
}

/** What a process holds. */
export interface Memory {
  /** Objects in V8's heap, and the buffers that belong to them. */
  readonly usedBytes: number;
  /** What the process has of the machine, with what it keeps for later. */
  readonly rssBytes: number;
}

/** What a server under test answers to. */
export type ServerQuestions = {
  /** Opens a port and tells it. */
  readonly listen: (options: ServerOptions) => Promise<number>;
  /** Sets from what level on lines are written. */
  readonly setLevel: (level: string) => void;
  readonly usage: () => Usage | Promise<Usage>;
  /** After a full collection of garbage. */
  readonly memory: () => Promise<Memory>;
  readonly startProfile: () => Promise<void>;
  readonly stopProfile: () => Promise<Profiler.Profile>;
};
