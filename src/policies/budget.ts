import type { CallInfo, CallRecord, Inspectable } from '../engine/call.ts';
import { requireCounts, requireKnown, requireShares } from './options.ts';
import { createTickets } from './tickets.ts';

/** What retries and hedges may cost an upstream. */
export interface BudgetOptions {
  /** Extra attempts for each call, above 0 and at most 1. */
  readonly share?: number;
  /** Extra attempts a second that need no calls, a whole number. */
  readonly perSecond?: number;
}

/** A described budget. Policies that are given the same one share what it allows, upstream by upstream. */
export interface BudgetDefinition {
  readonly kind: 'budget';
  readonly share: number;
  readonly perSecond: number;
}

/** The budget of one upstream. */
export interface Budget extends Inspectable {
  /**
   * What counts the calls of a provider. Only the first who asks for a provider gets one that counts: a retry around a
   * hedge would count each call twice.
   */
  enroll(provider: string): (record: CallRecord) => void;
  /** Extra attempts that are allowed now. */
  left(): number;
  /** Pays for one extra attempt; false when it must not be made. */
  take(): boolean;
}

/** The time in which the share and the attempts a second hold, milliseconds. */
const windowMs = 10_000;

/**
 * Describes a budget: within any 10 seconds in which an upstream has n calls, retries and hedges together are at most
 * `share * n + 10 * perSecond`, whatever fails. It is counted on calls that have come, never on requests in flight: a
 * slow upstream has many of those, just when it can bear no more.
 *
 * @throws DefinitionError when a number is out of its range.
 */
export function budget({
  share = 0.1, // a dead upstream gets 110 % of its load; it needs a whole tenth of calls failing before it matters
  perSecond = 1, // so that the odd failure of an upstream with few calls is retried too
  ...unknown
}: BudgetOptions = {}): BudgetDefinition {
  requireKnown('budget', unknown);
  requireShares('budget', { share });
  requireCounts('budget', { perSecond });
  return Object.freeze({ kind: 'budget', share, perSecond });
}

/** The budget of retries and hedges that name none: one for each upstream. */
export const standardBudget: BudgetDefinition = budget();

/** The upstream's own state of a budget. */
export const shareBudget = (definition: BudgetDefinition, info: CallInfo): Budget =>
  info.share(definition, () => createBudget(definition));

function createBudget({ share, perSecond }: BudgetDefinition): Budget {
  const tickets = createTickets({
    count: (perSecond * windowMs) / 1_000,
    callsPerTicket: Math.ceil(1 / share),
    returnMs: windowMs,
  });
  const providers = new Set<string>();

  function enroll(provider: string) {
    if (providers.has(provider)) return () => {};
    providers.add(provider);
    return (record: CallRecord) => {
      // Inside a retry, only the first attempt is the call.
      if (record.attempts === 0) tickets.countCall();
    };
  }

  return { ...tickets, enroll, snapshot: () => ({ retryBudget: tickets.left() }) };
}
