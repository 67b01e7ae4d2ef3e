import type { Call, CallInfo, Policy } from '../engine/call.ts';
import { type Failed, failed, type Outcome } from '../engine/outcome.ts';
import { type CircuitOptions, createCircuit } from './circuit.ts';
import { shareCircuits } from './circuits.ts';
import { requireCounts, requireDurations, requireKnown, requireShares } from './options.ts';

/** When a breaker opens, and for how long. */
export type BreakerOptions = Partial<CircuitOptions>;

const refusal: Promise<Failed> = Promise.resolve(
  Object.freeze(failed('circuit_open', 'the upstream fails and is being spared', { reason: 'circuit_open' })),
);

/**
 * Spares an upstream that fails, and those who wait for it: opens when enough calls fail, answers `circuit_open` at
 * once while it is open, then lets a few probes through and closes when they succeed. Failures that the failure table
 * charges to the upstream count; what the upstream refused (4xx), what never left (saturated) and what was cancelled
 * counts neither way, and a probe that ends so gives its place back. A probe without an end is lost at its deadline.
 *
 * @throws DefinitionError when a number is out of its range.
 */
export function breaker({
  windowMs = 10_000, // long enough for a rate, short enough to notice within seconds
  minCalls = 20, // below that, half of them is chance
  failureShare = 0.5, // partial failures are the retry's business
  unreachableInRow = 5, // nobody listens: no need to wait for a rate
  openMs = 5_000, // a restart takes about that long
  maxOpenMs = 60_000, // the longest that a recovered upstream goes unnoticed
  probes = 3, // one may be luck
  ...unknown
}: BreakerOptions = {}): Policy {
  requireKnown('breaker', unknown);
  requireDurations('breaker', { windowMs, openMs, maxOpenMs });
  requireCounts('breaker', { minCalls, unreachableInRow, probes });
  requireShares('breaker', { failureShare });
  const options = { windowMs, minCalls, failureShare, unreachableInRow, openMs, maxOpenMs, probes };

  const policy: Policy = <I, O>(next: Call<I, O>, info: CallInfo): Call<I, O> => {
    const { upstream, emit } = info;
    const circuit = info.share(policy, () => {
      const created = createCircuit(options, (type, facts) => emit({ type, upstream, ...facts }));
      shareCircuits(info).add(created);
      return created;
    });
    const record = (outcome: Outcome<O>) => {
      circuit.record(outcome);
      return outcome;
    };

    return (input, context) => {
      if (circuit.state === 'closed') return next(input, context).then(record);
      const probe = circuit.admit(context.deadlineAt);
      if (!probe) return refusal;
      return next(input, context).then((outcome) => {
        circuit.end(probe, outcome);
        return outcome;
      });
    };
  };
  return policy;
}
