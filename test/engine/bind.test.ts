import { Type } from 'typebox';
import { describe, expect, test, vi } from 'vitest';
import { createBinding } from '../../src/engine/bind.ts';
import type { Call, CallInfo, Inspectable, Policy } from '../../src/engine/call.ts';
import { DefinitionError } from '../../src/engine/definition-error.ts';
import type { EngineEvent } from '../../src/engine/events.ts';
import { defineUpstream, type Upstream, type UpstreamOptions } from '../../src/engine/provider.ts';
import { createScope } from '../../src/engine/scope.ts';
import { compileSelection } from '../../src/engine/selection.ts';
import { ask } from '../support/fan-out.ts';
import { createFakeUpstreams } from '../support/transport.ts';

const upstreamOf = (name: string, options: Partial<UpstreamOptions> = {}) =>
  defineUpstream({ name, origin: `https://${name}.example.com`, ...options });
const providerOf = (upstream: Upstream, name: string, policies?: readonly Policy[]) =>
  upstream.provider({ name, output: Type.Unknown(), run: () => 1, ...(policies ? { policies } : {}) });

/** A policy that writes down what it is bound to. */
const note =
  (notes: string[], name: string): Policy =>
  (next, { upstream, provider }) => {
    notes.push(`${name} around ${upstream}/${provider}`);
    return next;
  };

function bindingWith(standard: { readonly provider?: readonly Policy[]; readonly upstream?: readonly Policy[] } = {}) {
  const upstreams = createFakeUpstreams({});
  const emit = vi.fn<(event: EngineEvent) => void>();
  const { provider = [], upstream = [] } = standard;
  const binding = createBinding({ connect: upstreams.connect, standard: { provider, upstream }, emit });
  return { binding, upstreams, emit };
}

describe('a provider', () => {
  test('is bound once, however often it is asked for', () => {
    const { binding, upstreams } = bindingWith();
    const catalog = upstreamOf('catalog');
    const product = providerOf(catalog, 'product');

    expect(binding.callOf(product)).toBe(binding.callOf(product));
    expect(binding.callOf(providerOf(catalog, 'reviews'))).not.toBe(binding.callOf(product));
    binding.callOf(ask('a'));
    expect(upstreams.connected).toEqual(['catalog', 'shop']);
  });

  test('has a call of its own for each selection, with the state of its upstream', () => {
    const createState = vi.fn(() => ({ snapshot: () => ({}) }));
    const key = {};
    const shared: Policy = (next, { share }) => {
      share(key, createState);
      return next;
    };
    const { binding, upstreams } = bindingWith({ provider: [shared] });
    const product = providerOf(upstreamOf('catalog'), 'product');
    const selections = [1, 2].map((n) => compileSelection(Type.Unknown(), { as: `a${n}`, taken: 'all' }, 'here'));
    const calls = [undefined, ...selections, undefined].map((selection) => binding.callOf(product, selection));
    expect(new Set(calls).size).toBe(3);
    expect(calls[3]).toBe(calls[0]);
    expect(upstreams.connected).toEqual(['catalog']);
    expect(createState).toHaveBeenCalledOnce();
    expect(() => binding.callOf(providerOf(upstreamOf('catalog'), 'product'), selections[0])).toThrow(DefinitionError);
  });

  test('has its own policies outside its upstream’s', () => {
    const notes: string[] = [];
    const catalog = upstreamOf('catalog', { policies: [note(notes, 'breaker'), note(notes, 'bulkhead')] });
    bindingWith().binding.callOf(providerOf(catalog, 'product', [note(notes, 'retry'), note(notes, 'timeout')]));
    const bound = ['bulkhead', 'breaker', 'timeout', 'retry'].map((name) => `${name} around catalog/product`);
    expect(notes).toEqual(bound);
  });

  test('has the standard policies where it or its upstream names none', () => {
    const notes: string[] = [];
    const { binding } = bindingWith({
      provider: [note(notes, 'standard')],
      upstream: [note(notes, 'standard upstream')],
    });
    binding.callOf(providerOf(upstreamOf('neither'), 'a'));
    binding.callOf(providerOf(upstreamOf('both', { policies: [] }), 'a', []));
    binding.callOf(providerOf(upstreamOf('one', { policies: [note(notes, 'own')] }), 'a'));
    expect(notes).toEqual([
      'standard upstream around neither/a',
      'standard around neither/a',
      'own around one/a',
      'standard around one/a',
    ]);
  });

  test('defined twice is refused', () => {
    const { binding } = bindingWith();
    const catalog = upstreamOf('catalog');
    binding.callOf(providerOf(catalog, 'product'));
    expect(() => binding.callOf(providerOf(catalog, 'product'))).toThrow(
      new DefinitionError('provider "catalog/product" is defined twice'),
    );
  });

  test('of an upstream that is defined twice is refused', () => {
    const { binding } = bindingWith();
    binding.callOf(providerOf(upstreamOf('catalog'), 'product'));
    expect(() => binding.callOf(providerOf(upstreamOf('catalog'), 'reviews'))).toThrow(
      new DefinitionError('upstream "catalog" is defined twice'),
    );
  });
});

describe('what a policy is told', () => {
  test('is whom it wraps, whether a second attempt does no harm, and where to tell operations', () => {
    const seen: CallInfo[] = [];
    const look: Policy = (next, info) => {
      seen.push(info);
      return next;
    };
    const { binding, emit } = bindingWith();
    binding.callOf(providerOf(upstreamOf('catalog', { policies: [look] }), 'product'));
    binding.callOf(ask('a', [look]));

    expect(seen).toMatchObject([
      { upstream: 'catalog', provider: 'product', idempotent: false },
      { upstream: 'shop', provider: 'a', idempotent: true },
    ]);
    seen[0]?.emit({ type: 'breaker_opened', upstream: 'catalog' });
    expect(emit.mock.calls).toEqual([[{ type: 'breaker_opened', upstream: 'catalog' }]]);
  });
});

describe('shared state', () => {
  const createPolicy = (fact: string) => {
    const create = vi.fn<() => Inspectable>(() => ({ snapshot: () => ({ [fact]: true }) }));
    const states: Inspectable[] = [];
    const policy: Policy = (next, { share }) => {
      states.push(share(policy, create));
      return next;
    };
    return { policy, create, states };
  };

  test('is one for all providers of an upstream, and another for another upstream', () => {
    const { policy, create, states } = createPolicy('open');
    const { binding } = bindingWith({ upstream: [policy] });
    const catalog = upstreamOf('catalog');
    for (const provider of [providerOf(catalog, 'a'), providerOf(catalog, 'b'), providerOf(upstreamOf('other'), 'a')]) {
      binding.callOf(provider);
    }

    expect(create).toHaveBeenCalledTimes(2);
    expect(states[0]).toBe(states[1]);
    expect(states[2]).not.toBe(states[0]);
  });

  test('counts answers that came after their attempt was stopped', async () => {
    const { binding } = bindingWith();
    const late = Promise.withResolvers<number>();
    const slow = upstreamOf('slow').provider({ name: 'a', output: Type.Unknown(), run: () => late.promise });
    const scope = createScope();
    const request = { requestId: 'r', traceId: 't', traceFlags: '00', isRetry: false };
    const call = binding.callOf(slow) as Call<unknown, unknown>; // its input is of no interest
    const ended = call(undefined, { scope, deadlineAt: 1_000, request, record: { attempts: 0 } });
    scope.abort({ code: 'timeout', message: 'no answer within 10 ms' });
    await ended;
    late.resolve(1);
    await late.promise;
    await Promise.resolve();
    expect(binding.snapshot()).toEqual({ slow: { lateAnswers: 1 } });
  });

  test('is shown by upstream', () => {
    const [breaker, bulkhead] = [createPolicy('open'), createPolicy('inFlight')];
    const { binding } = bindingWith();
    expect(binding.snapshot()).toEqual({});
    binding.callOf(providerOf(upstreamOf('catalog', { policies: [breaker.policy, bulkhead.policy] }), 'a'));
    binding.callOf(providerOf(upstreamOf('plain', { policies: [] }), 'a'));
    const shown = { open: true, inFlight: true, lateAnswers: 0 };
    expect(binding.snapshot()).toEqual({ catalog: shown, plain: { lateAnswers: 0 } });
  });

  test('belongs to one application', () => {
    const { policy, create } = createPolicy('open');
    const provider = providerOf(upstreamOf('catalog', { policies: [policy] }), 'a');
    bindingWith().binding.callOf(provider);
    bindingWith().binding.callOf(provider);
    expect(create).toHaveBeenCalledTimes(2);
  });
});
