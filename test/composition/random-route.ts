import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { type Static, type TSchema, Type } from 'typebox';
import type { Policy } from '../../src/engine/call.ts';
import { type FailureCode, failures } from '../../src/engine/failure.ts';
import { path } from '../../src/engine/path.ts';
import { defineUpstream, type Provider } from '../../src/engine/provider.ts';
import { defineRoute, type Route } from '../../src/engine/route.ts';
import type { SourceOf } from '../../src/engine/source.ts';
import { answer, failure, type Reply, silence } from '../support/transport.ts';

/** How a source of a random route behaves. */
export interface SourceSpec {
  /** Indexes of earlier sources. */
  readonly needs: readonly number[];
  readonly role: 'required' | 'optional' | 'with fallback';
  readonly condition: 'none' | 'true' | 'false';
  readonly end: 'ok' | 'silent' | FailureCode | (typeof defects)[number];
  readonly afterMs: number;
  readonly isMerged: boolean;
}

/** A random route, and what happens to one request of it. */
export interface Scenario {
  readonly specs: readonly SourceSpec[];
  readonly isReversed: boolean;
  readonly strict: boolean;
  readonly deadlineMs: number;
  readonly leaveAfterMs: number | undefined;
}

const defects = [
  'input throws',
  'condition throws',
  'request throws',
  'policy throws',
  'policy rejects',
  'deaf',
] as const;
const codes = Object.keys(failures) as readonly FailureCode[]; // the keys of a literal that nobody extends

const anySpec = (index: number): fc.Arbitrary<SourceSpec> =>
  fc.record({
    needs: index === 0 ? fc.constant([]) : fc.uniqueArray(fc.nat(index - 1), { maxLength: 3 }),
    role: fc.constantFrom('required', 'optional', 'optional', 'with fallback'),
    condition: fc.constantFrom('none', 'none', 'none', 'true', 'false'),
    end: fc.oneof(
      { weight: 2, arbitrary: fc.constant('ok' as const) },
      { weight: 1, arbitrary: fc.constantFrom('silent', ...codes, ...defects) },
    ),
    afterMs: fc.nat(60),
    isMerged: fc.boolean(),
  });

/** Any route of up to eight sources that the engine takes, and any request of it. */
export const anyScenario: fc.Arbitrary<Scenario> = fc.record({
  specs: fc
    .integer({ min: 1, max: 8 })
    .chain((length) => fc.tuple(...Array.from({ length }, (_, index) => anySpec(index))))
    .map(toAccepted),
  isReversed: fc.boolean(),
  strict: fc.constantFrom(false, false, false, true),
  deadlineMs: fc.integer({ min: 1, max: 300 }),
  leaveAfterMs: fc.option(fc.nat(200), { nil: undefined, freq: 4 }),
});

/** A required source may only need what a failure cannot leave without a value: the other needs are dropped. */
function toAccepted(specs: readonly SourceSpec[]): readonly SourceSpec[] {
  const accepted: SourceSpec[] = [];
  const isSure = (index: number): boolean => {
    const { role, needs } = accepted[index] ?? neverSure;
    return role === 'required' || (role === 'with fallback' && needs.every(isSure));
  };
  for (const spec of specs) {
    accepted.push(spec.role === 'required' ? { ...spec, needs: spec.needs.filter(isSure) } : spec);
  }
  return accepted;
}

const neverSure = { role: 'optional', needs: [] } as const;

/** What every upstream answers: fields in an odd order, a number beyond 2^53, white space, a field too many. */
export const Answer = Type.Object({ id: Type.String(), n: Type.Number() });
const bodyOf = (urlPath: string): string => `{"n" :12345678901234567890, "extra":[1.0],"id":"${digest(urlPath)}"}`;
export const fallback: Static<typeof Answer> = { id: 'fallback', n: 0 };

const upstream = defineUpstream({ name: 'any', origin: 'https://any.example.com', policies: [] });
export const nameOf = (index: number): string => `s${index}`;

const stubborn: Partial<Record<SourceSpec['end'], Policy>> = {
  'policy throws': () => () => {
    throw new Error('policy');
  },
  'policy rejects': () => () => Promise.reject(new Error('policy')),
  deaf: () => () => new Promise(() => {}),
};

/** The provider of a source: its input becomes the path, and so the answer. */
export function toProvider(index: number, end: SourceSpec['end']): Provider<string, Static<typeof Answer>> {
  const policy = stubborn[end];
  return upstream.provider({
    name: nameOf(index),
    output: Answer,
    policies: policy ? [policy] : [],
    request: (input: string) => {
      if (end === 'request throws') throw new Error('request');
      return { path: path`/${nameOf(index)}/${input}` };
    },
  });
}

/** Builds the route that a scenario describes, with a merge function of its own or without. */
export function toRoute({ specs, isReversed }: Scenario, hasFunction: boolean): Route {
  const route = defineRoute({ url: '/v1/any', summary: 'Anything' });
  const sources: SourceOf<'GET /v1/any'>[] = [];
  for (const [index, { needs, role, condition, end }] of specs.entries()) {
    const needed = needs.flatMap((need) => sources[need] ?? []);
    const options = {
      needs: Object.fromEntries(needed.map((source, at) => [nameOf(needs[at] ?? 0), source])),
      input: (_request: unknown, answers: Readonly<Record<string, unknown>>) => {
        if (end === 'input throws') throw new Error('input');
        return digest(JSON.stringify(answers));
      },
      optional: role !== 'required',
      ...(role === 'with fallback' ? { fallback } : {}),
      ...(condition === 'none' && end !== 'condition throws' ? {} : { when: () => isWanted(condition, end) }),
    };
    sources.push(route.source(toProvider(index, end), options));
  }
  const merged = specs.flatMap(({ isMerged }, index) => (isMerged || !isNeeded(specs, index) ? [index] : []));
  if (isReversed) merged.reverse();
  const shown = Object.fromEntries(
    merged.flatMap((index) => (sources[index] ? [[nameOf(index), sources[index]]] : [])),
  );
  return hasFunction ? route.merge(shown, Type.Unknown(), (answers) => answers) : route.merge(shown);
}

/** How the upstreams behave: by the source's name, the first segment of the path. */
export function toReply({ specs }: Scenario, urlPath: string): Reply {
  const { end = 'silent', afterMs = 0 } = specs[Number(urlPath.split('/')[1]?.slice(1))] ?? {};
  if (end === 'ok') return answer(bodyOf(urlPath), afterMs);
  const code = codes.find((known) => known === end);
  return code ? failure(code, afterMs) : silence;
}

/** The payload's schema as a client may rely on it: null only where a source may stay without an answer. */
export function toPayloadSchema(
  { specs }: Scenario,
  names: readonly string[],
  options: { readonly closed: boolean },
): TSchema {
  const closed = { additionalProperties: !options.closed };
  const One = Type.Object(Answer.properties, closed);
  const isNullable = (index: number): boolean => {
    const { role, condition, end, needs } = specs[index] ?? { ...neverSure, condition: 'none', end: 'ok' };
    return role === 'optional' || condition !== 'none' || end === 'condition throws' || needs.some(isNullable);
  };
  const fields = names.map((name) => [name, isNullable(Number(name.slice(1))) ? Type.Union([One, Type.Null()]) : One]);
  return Type.Object(Object.fromEntries(fields) as Record<string, TSchema>, { additionalProperties: false });
}

const isNeeded = (specs: readonly SourceSpec[], index: number): boolean =>
  specs.some(({ needs }) => needs.includes(index));

const digest = (text: string): string => createHash('sha1').update(text).digest('hex').slice(0, 12);

function isWanted(condition: SourceSpec['condition'], end: SourceSpec['end']): boolean {
  if (end === 'condition throws') throw new Error('condition');
  return condition === 'true';
}
