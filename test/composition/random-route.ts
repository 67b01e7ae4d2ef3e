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

/** A source of a random route, and how it behaves. */
export interface SourceSpec {
  readonly name: string;
  /** Names of earlier sources. */
  readonly needs: readonly string[];
  readonly role: 'required' | 'optional' | 'with fallback';
  readonly condition: 'none' | 'true' | 'false' | 'throws';
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

const defects = ['input throws', 'request throws', 'policy throws', 'policy rejects', 'policy hangs'] as const;
const codes = Object.keys(failures) as readonly FailureCode[]; // the keys of a literal that nobody extends
const namesUpTo = (count: number) => Array.from({ length: count }, (_, index) => `s${index}`);

const anySpec = (name: string, earlier: readonly string[]): fc.Arbitrary<SourceSpec> =>
  fc.record({
    name: fc.constant(name),
    needs: fc.subarray([...earlier], { maxLength: Math.min(3, earlier.length) }),
    role: fc.constantFrom('required', 'optional', 'optional', 'with fallback'),
    condition: fc.constantFrom('none', 'none', 'none', 'none', 'true', 'false', 'throws'),
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
    .chain((count) => fc.tuple(...namesUpTo(count).map((name, index) => anySpec(name, namesUpTo(index)))))
    .map(toAccepted),
  isReversed: fc.boolean(),
  strict: fc.constantFrom(false, false, false, true),
  deadlineMs: fc.integer({ min: 1, max: 300 }),
  leaveAfterMs: fc.option(fc.nat(200), { nil: undefined, freq: 4 }),
});

/** A required source may only need what a failure cannot leave without a value: its other needs are dropped. */
function toAccepted(specs: readonly SourceSpec[]): readonly SourceSpec[] {
  const isSure = (name: string): boolean =>
    accepted.some(
      (spec) =>
        spec.name === name && (spec.role === 'required' || (spec.role === 'with fallback' && spec.needs.every(isSure))),
    );
  const accepted: SourceSpec[] = [];
  for (const spec of specs) {
    accepted.push(spec.role === 'required' ? { ...spec, needs: spec.needs.filter(isSure) } : spec);
  }
  return accepted;
}

const Answer = Type.Object({ id: Type.String(), n: Type.Number() });
export const fallback: Static<typeof Answer> = { id: 'fallback', n: 0 };
const digest = (text: string): string => createHash('sha1').update(text).digest('hex').slice(0, 12);
const upstream = defineUpstream({ name: 'any', origin: 'https://any.example.com', policies: [] });

const stubborn: Partial<Record<SourceSpec['end'], Policy>> = {
  'policy throws': () => () => {
    throw new Error('policy');
  },
  'policy rejects': () => () => Promise.reject(new Error('policy')),
  'policy hangs': () => () => new Promise(() => {}),
};

/** The provider of a source: its input becomes the path `/<name>/<input>`, and so the answer. */
export function toProvider({ name, end }: Pick<SourceSpec, 'name' | 'end'>): Provider<string, Static<typeof Answer>> {
  const policy = stubborn[end];
  return upstream.provider({
    name,
    output: Answer,
    policies: policy ? [policy] : [],
    request: (input: string) => {
      if (end === 'request throws') throw new Error('request');
      return { path: path`/${name}/${input}` };
    },
  });
}

/** The route of a scenario, whose merge passes the answers on: through a function or without one. */
export function toRoute({ specs, isReversed }: Scenario, hasFunction: boolean): Route {
  const route = defineRoute({ url: '/v1/any', summary: 'Anything' });
  const sources = new Map<string, SourceOf<'GET /v1/any'>>();
  const pick = (names: readonly string[]) => {
    const wanted = new Set(names);
    return Object.fromEntries([...sources].filter(([name]) => wanted.has(name)));
  };
  for (const spec of specs) {
    const { name, needs, role, condition } = spec;
    const options = {
      needs: pick(needs),
      input: (_request: unknown, answers: Readonly<Record<string, unknown>>) => {
        if (spec.end === 'input throws') throw new Error('input');
        return digest(JSON.stringify(answers));
      },
      optional: role !== 'required',
      ...(role === 'with fallback' ? { fallback } : {}),
      ...(condition === 'none' ? {} : { when: () => toBoolean(condition) }),
    };
    sources.set(name, route.source(toProvider(spec), options));
  }
  const needed = new Set(specs.flatMap(({ needs }) => needs));
  const shown = Object.entries(
    pick(specs.flatMap(({ name, isMerged }) => (isMerged || !needed.has(name) ? [name] : []))),
  );
  const merged = Object.fromEntries(isReversed ? shown.toReversed() : shown);
  return hasFunction ? route.merge(merged, Type.Unknown(), (answers) => answers) : route.merge(merged);
}

function toBoolean(condition: 'true' | 'false' | 'throws'): boolean {
  if (condition === 'throws') throw new Error('condition');
  return condition === 'true';
}

/** How the upstream behaves. Its answers have an odd order, a number beyond 2^53, white space and a field too many. */
export function toReply({ specs }: Scenario, urlPath: string): Reply {
  const spec = specs.find(({ name }) => urlPath.startsWith(`/${name}/`));
  const body = `{"n" :12345678901234567890, "extra":[1.0],"id":"${digest(urlPath)}"}`;
  if (spec?.end === 'ok') return answer(body, spec.afterMs);
  const code = codes.find((known) => known === spec?.end);
  return code ? failure(code, spec?.afterMs) : silence;
}

/** The payload's schema as a client may rely on it: null only where a source may stay without an answer. */
export function toPayloadSchema({ specs }: Scenario, names: readonly string[], hasExtra: boolean): TSchema {
  const One = Type.Object(Answer.properties, { additionalProperties: hasExtra });
  const isNullable = (name: string): boolean =>
    specs.some(
      (spec) =>
        spec.name === name && (spec.role === 'optional' || spec.condition !== 'none' || spec.needs.some(isNullable)),
    );
  const fields = names.map((name) => [name, isNullable(name) ? Type.Union([One, Type.Null()]) : One] as const);
  return Type.Object(Object.fromEntries<TSchema>(fields), { additionalProperties: false });
}
