import type { CallInfo, Inspectable } from '../engine/call.ts';
import type { Circuit } from './circuit.ts';

/** The circuits of one upstream, for policies that would rather not add to its troubles. */
export interface Circuits extends Inspectable {
  add(circuit: Circuit): void;
  /** True also where there is no breaker. */
  areClosed(): boolean;
}

/** What they are shared under: breakers put them there, whatever list of policies they stand in. */
const key = {};

/** The circuits of the upstream that is being bound. */
export const shareCircuits = (info: CallInfo): Circuits => info.share(key, createCircuits);

function createCircuits(): Circuits {
  const circuits: Circuit[] = [];
  return {
    add: (circuit) => circuits.push(circuit),
    areClosed: () => circuits.every(({ state }) => state === 'closed'),
    snapshot: () => ({}),
  };
}
