/** The upstreams, a process of their own: each does to every request what it is told, and remembers what it did. */

import { type FaultServer, startFaultServer } from '../../test/faults/server.ts';
import { answerQuestions } from '../child.ts';
import { type FaultName, faults } from './faults.ts';

/** One request, as the upstream saw it. */
export interface Arrival {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Of the client's request that it was sent for. */
  readonly traceId: string;
  /** What was done to it. */
  readonly fault: FaultName;
}

const servers = new Map<string, FaultServer>();
const arrivals = new Map<string, Arrival[]>();

const questions = {
  /** Opens a well behaved upstream for each name and tells their origins. */
  listen: async (names: readonly string[]): Promise<Readonly<Record<string, string>>> => {
    for (const name of names) servers.set(name, await startFaultServer(toBehaviour(name, ['ok'])));
    return Object.fromEntries([...servers].map(([name, { port }]) => [name, `http://127.0.0.1:${port}`]));
  },
  /** From now on each request suffers one of these, by chance. */
  behave: (name: string, choice: readonly FaultName[]): void => {
    servers.get(name)?.behave(toBehaviour(name, choice));
  },
  arrivals: (name: string): readonly Arrival[] => arrivals.get(name) ?? [],
  /** Forgets what arrived so far. */
  forget: (): void => {
    for (const list of arrivals.values()) list.length = 0;
  },
};

export type UpstreamQuestions = typeof questions;
answerQuestions(questions);

function toBehaviour(name: string, choice: readonly FaultName[]) {
  const seen = arrivals.get(name) ?? [];
  arrivals.set(name, seen);
  return {
    on: 'request',
    act: (socket, head) => {
      const fault = choice[Math.floor(Math.random() * choice.length)] ?? 'ok';
      const traceId = /traceparent: 00-([0-9a-f]{32})/i.exec(head)?.[1] ?? '';
      seen.push({ at: Date.now(), traceId, fault });
      faults[fault].act(socket, head);
    },
  } as const satisfies Parameters<FaultServer['behave']>[0];
}
