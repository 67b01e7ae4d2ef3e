import { createAttempt } from './attempt.ts';
import { type Call, type CallInfo, compose, type Inspectable, type Policy } from './call.ts';
import { DefinitionError } from './definition-error.ts';
import type { EngineEvent } from './events.ts';
import type { Provider, UpstreamOptions } from './provider.ts';
import type { Transport } from './request.ts';
import type { Selection } from './selection.ts';

/** What the definitions are bound to, once for each application. */
export interface BindOptions {
  /** Opens the connection to an upstream. Called once for each. */
  readonly connect: (upstream: UpstreamOptions) => Transport;
  /** Policies for providers and upstreams that name none, outermost first. */
  readonly standard: { readonly provider: readonly Policy[]; readonly upstream: readonly Policy[] };
  readonly emit: (event: EngineEvent) => void;
}

/** All calls of an application: each provider is bound once, so that routes share its upstream's connections and state. */
export interface Binding {
  /** The bound call of a provider; a selection has a call of its own, with the upstream's connections and state. */
  callOf(provider: Provider<never, unknown>, selection?: Selection): Call<never, unknown>;
  /** What the policies of each upstream have to show, by upstream. */
  snapshot(): Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>;
}

interface BoundUpstream {
  readonly definition: UpstreamOptions;
  readonly transport: Transport;
  readonly states: Map<object, Inspectable>;
  readonly calls: Map<string, { readonly provider: Provider<never, unknown>; readonly call: Call<never, unknown> }>;
}

/** Binds providers as they are asked for. */
export function createBinding({ connect, standard, emit }: BindOptions): Binding {
  const upstreams = new Map<string, BoundUpstream>();

  function upstreamOf(definition: UpstreamOptions): BoundUpstream {
    const known = upstreams.get(definition.name);
    if (known?.definition === definition) return known;
    if (known) throw new DefinitionError(`upstream "${definition.name}" is defined twice`);
    const bound = { definition, transport: connect(definition), states: new Map(), calls: new Map() };
    upstreams.set(definition.name, bound);
    return bound;
  }

  function bindCall(
    provider: Provider<never, unknown>,
    upstream: BoundUpstream,
    selection?: Selection,
  ): Call<never, unknown> {
    const { states, transport, definition } = upstream;
    const info: CallInfo = {
      upstream: definition.name,
      provider: provider.name,
      idempotent: provider.idempotent,
      safe: provider.idempotent && (provider.method === 'GET' || provider.method === 'HEAD'),
      share: (key, create) => {
        const state = states.get(key) ?? create();
        states.set(key, state);
        return state as ReturnType<typeof create>; // a policy is its own key, so it finds what it made
      },
      emit,
    };
    const policies = [...(provider.policies ?? standard.provider), ...(definition.policies ?? standard.upstream)];
    const onLate = provider.run && info.share(lateAnswersKey, createLateAnswers).add;
    return compose(createAttempt(provider, transport, onLate, selection), policies, info);
  }

  function callOf(provider: Provider<never, unknown>, selection?: Selection): Call<never, unknown> {
    const upstream = upstreamOf(provider.upstream);
    const known = upstream.calls.get(provider.name);
    if (known && known.provider !== provider)
      throw new DefinitionError(`provider "${provider.upstream.name}/${provider.name}" is defined twice`);
    const call = known?.call ?? bindCall(provider, upstream);
    upstream.calls.set(provider.name, { provider, call });
    return selection ? bindCall(provider, upstream, selection) : call;
  }

  function snapshot() {
    const shown = [...upstreams].map(([name, { states }]) => {
      const facts = [...states.values()].flatMap((state) => Object.entries(state.snapshot()));
      return [name, Object.fromEntries(facts)] as const;
    });
    return Object.fromEntries(shown);
  }

  return { callOf, snapshot };
}

interface LateAnswers extends Inspectable {
  add(): void;
}

/** Under what an upstream's states hold the count of answers that came after their attempt was stopped. */
const lateAnswersKey = {};

function createLateAnswers(): LateAnswers {
  let lateAnswers = 0;
  return {
    add: () => {
      lateAnswers += 1;
    },
    snapshot: () => ({ lateAnswers }),
  };
}
