import type { BindOptions } from '../../src/engine/bind.ts';
import type { Bytes } from '../../src/engine/bytes.ts';
import type { Failure, FailureCode } from '../../src/engine/failure.ts';
import type { AnswerHeaders, Outcome } from '../../src/engine/outcome.ts';
import type { UpstreamOptions } from '../../src/engine/provider.ts';
import type { Transport, UpstreamRequest } from '../../src/engine/request.ts';

/** What a scripted upstream does with one request. */
export type Reply =
  | { readonly afterMs: number; readonly body: string | readonly string[]; readonly headers: AnswerHeaders }
  | { readonly afterMs: number; readonly failure: Failure };

/** The upstream answers with this JSON text, in one piece or in several. */
export const answer = (body: string | readonly string[], afterMs = 0, headers: AnswerHeaders = {}): Reply => ({
  afterMs,
  body,
  headers,
});

/** The request fails. */
export const failure = (code: FailureCode, afterMs = 0): Reply => ({
  afterMs,
  failure: { code, message: `scripted ${code}` },
});

/** Nothing ever comes back. */
export const silence: Reply = failure('internal', Number.POSITIVE_INFINITY);

const toBytes = (body: string | readonly string[]): Bytes =>
  typeof body === 'string' ? Buffer.from(body) : body.map((piece) => Buffer.from(piece));

/** One request that reached a fake upstream. */
export interface SentRequest {
  readonly upstream: string;
  readonly path: string;
  readonly request: UpstreamRequest;
  readonly deadlineAt: number;
  /** On the monotonic clock, which fake time starts at 0. */
  readonly sentAt: number;
  /** How it ended; undefined while it is open. */
  end: { readonly at: number; readonly as: 'answered' | 'failed' | 'aborted'; readonly failure?: Failure } | undefined;
}

/** Upstreams without sockets: they answer by path, in fake time, and honour the scope. */
export interface FakeUpstreams {
  readonly connect: BindOptions['connect'];
  /** Names of the upstreams that were connected to, in order. */
  readonly connected: readonly string[];
  readonly requests: readonly SentRequest[];
}

/** Replies by path: one for all requests, or one a request, of which the last one stays. */
export type Script = Readonly<Record<string, Reply | readonly Reply[]>> | ((path: string) => Reply);

/** Upstreams that follow a script; a path that it lacks is not found. */
export function createFakeUpstreams(script: Script): FakeUpstreams {
  const connected: string[] = [];
  const requests: SentRequest[] = [];

  function toReply(path: string): Reply {
    if (typeof script === 'function') return script(path);
    const replies = [script[path] ?? failure('not_found')].flat();
    const asked = requests.filter((sent) => sent.path === path).length;
    return replies[Math.min(asked, replies.length - 1)] ?? silence;
  }

  function connect({ name: upstream }: UpstreamOptions): Transport {
    connected.push(upstream);
    return (request, { scope, deadlineAt }, decode) =>
      new Promise((resolve) => {
        const path = request.path.value;
        const reply = toReply(path);
        const sent: SentRequest = { upstream, path, request, deadlineAt, sentAt: performance.now(), end: undefined };
        requests.push(sent);

        const end = <T>(as: 'answered' | 'failed' | 'aborted', outcome: Outcome<T>) => {
          const why = outcome.status === 'failed' ? { failure: outcome.failure } : {};
          sent.end = { at: performance.now(), as, ...why };
          return outcome;
        };
        const arrive = () => {
          unsubscribe();
          if ('failure' in reply) resolve(end('failed', { status: 'failed', failure: reply.failure }));
          else resolve(end('answered', decode(toBytes(reply.body), reply.headers)));
        };
        const timer = Number.isFinite(reply.afterMs) ? setTimeout(arrive, reply.afterMs) : undefined;
        const unsubscribe = scope.onAbort((reason) => {
          clearTimeout(timer);
          resolve(end('aborted', { status: 'failed', failure: reason }));
        });
      });
  }

  return { connect, connected, requests };
}
