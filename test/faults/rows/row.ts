import type { Provider, Upstream } from '../../../src/index.ts';
import type { ClientAnswer } from '../client.ts';
import { type OpenPlace, serving } from '../places.ts';
import type { Behaviour, FaultServer } from '../server.ts';

/** Failure codes and the status of a required source's failure: the table of the design, written down a second time. */
export const statusOf = {
  ok: 200,
  timeout: 504,
  unreachable: 502,
  protocol: 502,
  upstream_error: 502,
  rate_limited: 503,
  not_found: 404,
  rejected: 502,
  invalid_response: 502,
  too_large: 502,
  circuit_open: 503,
  saturated: 503,
  internal: 500,
} as const;

/** How a source ends. */
export type Ending = keyof typeof statusOf;

/** What must come out of one fault. */
export interface Expected {
  /** How the faulty source ends; one of them where the spec leaves it open. */
  readonly ends: Ending | readonly Ending[];
  /** The finer cause that is logged. */
  readonly reason?: string;
  /** When the client has its answer. Default: at once. */
  readonly when?: 'at once' | 'at the connect limit' | 'at the deadline' | 'by the deadline';
  /** Whether the connection must be gone within a second. Default false: it may serve again. */
  readonly destroyed?: boolean;
  /** Whether a second attempt is allowed. Default true. */
  readonly retried?: boolean;
  /** The bytes of the answer where it ends `ok`. */
  readonly bytes?: string;
  /** Text that the client must not see. */
  readonly hidden?: readonly string[];
  /** Origin, limits and the like, where they are not the default. */
  readonly upstream?: {
    readonly maxBytes?: number;
    readonly connections?: number;
    readonly privateAddresses?: boolean;
  };
  /** Default: GET / of anything. */
  readonly provider?: (upstream: Upstream) => Provider<object, unknown>;
  /** Default: an empty input. */
  readonly input?: () => object;
  /** How the next request ends, when the fault is over. Default: ok. */
  readonly next?: Ending;
  /** Keeps the processor busy, so nothing else is measured meanwhile. */
  readonly heavy?: boolean;
  /** What else must be true of the client's answer and of what the upstream saw. */
  readonly check?: (answer: ClientAnswer, server: FaultServer | undefined) => void;
}

/** One fault and what must come out. */
export interface Row extends Expected {
  /** The row of the spec. */
  readonly case: string;
  /** What exactly is done. */
  readonly name: string;
  readonly open: OpenPlace;
}

/** Several ways to do the same wrong, with one outcome. */
export const rows = (
  spec: string,
  expected: Expected,
  variants: Readonly<Record<string, Behaviour | OpenPlace>>,
): readonly Row[] =>
  Object.entries(variants).map(([name, fault]) => ({
    ...expected,
    case: spec,
    name,
    open: typeof fault === 'function' ? fault : serving(fault),
  }));
