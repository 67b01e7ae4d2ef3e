/** The upstreams, a process of their own: each does to every request what it is told, and can record what it did. */

import { tuneV8 } from '../../src/server/v8.ts';
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

// A pause of an upstream would look like one of the server.
tuneV8();

const servers = new Map<string, FaultServer>();
const arrivals = new Map<string, Arrival[]>();
let isRecording = false;

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
  /** Every request from now on; that costs memory, and with it pauses. */
  record: (): void => {
    isRecording = true;
  },
  arrivals: (name: string): readonly Arrival[] => arrivals.get(name) ?? [],
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
      if (isRecording) seen.push({ at: Date.now(), traceId: toTraceId(head), fault });
      faults[fault].act(socket, head);
    },
  } as const satisfies Parameters<FaultServer['behave']>[0];
}

const toTraceId = (head: string): string => /traceparent: 00-([0-9a-f]{32})/i.exec(head)?.[1] ?? '';
