import { type TSchema, Type } from 'typebox';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { compileEnvelope, toServerTiming, toSources } from '../../src/engine/envelope.ts';
import { defineRoute } from '../../src/engine/route.ts';
import { pick } from '../../src/engine/template.ts';
import { ask, askFor, compute, createFanOut, plain, shop } from '../support/fan-out.ts';
import { answer, failure } from '../support/transport.ts';

const draft = () => defineRoute({ url: '/v1/page', summary: 'A page' });

/** One source of every kind of end. */
function createMixed() {
  const route = draft();
  const good = route.source(ask('good'), plain);
  const bad = route.source(ask('bad'), { ...plain, optional: true });
  const spare = route.source(ask('spare'), { ...plain, optional: true, fallback: { rate: 1 } });
  const after = route.source(ask('after'), { ...plain, needs: { bad }, optional: true });
  const off = route.source(ask('off'), { ...plain, when: () => false });
  return createFanOut(route.merge({ off, good, after, bad, spare }), {
    '/good': answer('{"z":1, "a":2}', 40),
    '/bad': failure('timeout', 30),
    '/spare': failure('upstream_error', 20),
  });
}

beforeEach(() => {
  vi.useFakeTimers();
});

describe('the envelope', () => {
  test('has exactly these bytes, in the order of the merge, whatever answered first', async () => {
    const { text } = await createMixed().run();
    expect(text()).toBe(
      [
        '{"data":{"off":null,"good":{"z":1, "a":2},"after":null,"bad":null,"spare":{"rate":1}},"complete":false,"sources":{',
        '"off":{"status":"skipped","because":"condition","durationMs":0,"attempts":0},',
        '"good":{"status":"ok","durationMs":40,"attempts":1},',
        '"after":{"status":"skipped","because":"bad","durationMs":0,"attempts":0},',
        '"bad":{"status":"failed","code":"timeout","message":"scripted timeout","durationMs":30,"attempts":1},',
        '"spare":{"status":"failed","code":"upstream_error","message":"scripted upstream_error","fallback":true,',
        '"durationMs":20,"attempts":1}}}',
      ].join(''),
    );
  });

  test('says the same about its sources as text and as data', async () => {
    const { text, execution } = await createMixed().run();
    const envelope = JSON.parse(text()) as { readonly sources: unknown };
    expect(envelope.sources).toEqual(toSources(execution.reports));
  });

  test('reports sources that are only needed, but does not show their answers', async () => {
    const route = draft();
    const hidden = route.source(ask('hidden'), plain);
    const shown = route.source(ask('shown'), { ...plain, needs: { hidden } });
    const { text } = await createFanOut(route.merge({ shown }), {
      '/hidden': answer('1'),
      '/shown': answer('2'),
    }).run();
    const ok = '{"status":"ok","durationMs":0,"attempts":1}';
    expect(text()).toBe(`{"data":{"shown":2},"complete":true,"sources":{"shown":${ok},"hidden":${ok}}}`);
  });
});

describe('without a merge function', () => {
  const through = async (body: string | readonly string[], output: TSchema = Type.Unknown()) => {
    const route = draft();
    const a = route.source(askFor('a', output), plain);
    const { text } = await createFanOut(route.merge({ a }), { '/a': answer(body) }).run();
    return text().slice('{"data":{"a":'.length, text().lastIndexOf('},"complete":'));
  };
  const Item = { id: Type.Number() };

  test.each([
    ['numbers beyond 2^53', '{"id":12345678901234567890,"x":1e400,"y":1.0}'],
    ['the order of keys', '{"z":1,"id":2,"a":3,"10":4,"9":5}'],
    ['white space', ' {\n\t"id" : 1 } \r\n'],
    ['escapes', '{"id":1,"t":"\\u00e9\\/\\ud83d\\ude00"}'],
    ['keys of a prototype', '{"id":1,"__proto__":{"admin":true},"constructor":1}'],
  ])('the upstream’s bytes stay as they are: %s', async (_what, body) => {
    expect(await through(body)).toBe(body);
    expect(await through(body, Type.Object(Item))).toBe(body);
    expect({}).not.toHaveProperty('admin');
  });

  test('and so do those that came in pieces', async () => {
    const pieces = ['{"id":1234567890', '1234567890,', ' "t":"é"}'];
    expect(await through(pieces)).toBe(pieces.join(''));
    expect(await through(pieces, Type.Object(Item))).toBe(pieces.join(''));
  });

  test('fields that a closed schema forbids do not get out', async () => {
    const Closed = Type.Object(Item, { additionalProperties: false });
    expect(await through('{"secret":1, "id":2}', Closed)).toBe('{"id":2}');
    expect(await through('{ "id":12345678901234567890 }', Closed)).toBe('{ "id":12345678901234567890 }');
  });

  test('an answer that did not arrive as bytes is written', async () => {
    const route = draft();
    const a = route.source(
      compute('a', () => ({ n: [1, undefined] })),
      plain,
    );
    const b = route.source(
      compute('b', () => undefined),
      plain,
    );
    const { text } = await createFanOut(route.merge({ a, b })).run();
    expect(text()).toMatch(/^\{"data":\{"a":\{"n":\[1,null\]\},"b":null\},"complete":true,/);
  });
});

describe('without durations', () => {
  test('says everything else in the same order, so that the same answers are the same bytes', async () => {
    const { plan, run } = createMixed();
    const { execution } = await run();
    const request = { params: {}, query: {}, headers: {}, body: undefined };
    const written = compileEnvelope(plan, { hasDurations: false }).write(execution, request);
    expect('text' in written && written.text.toString()).toBe(
      '{"data":{"off":null,"good":{"z":1, "a":2},"after":null,"bad":null,"spare":{"rate":1}},"complete":false,"sources":{' +
        '"off":{"status":"skipped","because":"condition","attempts":0},"good":{"status":"ok","attempts":1},' +
        '"after":{"status":"skipped","because":"bad","attempts":0},' +
        '"bad":{"status":"failed","code":"timeout","message":"scripted timeout","attempts":1},' +
        '"spare":{"status":"failed","code":"upstream_error","message":"scripted upstream_error","fallback":true,"attempts":1}}}',
    );
  });
});

describe('a declared merge', () => {
  const Item = Type.Object({ id: Type.Integer(), size: Type.Optional(Type.Integer()) });
  const data = (text: string) => text.slice('{"data":'.length, text.indexOf(',"complete":'));

  test('has the fields source by source, null for those of a source without answer, and a fallback’s', async () => {
    const route = draft();
    const good = route.source(askFor('good', Item), plain);
    const bad = route.source(askFor('bad', Item), { ...plain, optional: true });
    const off = route.source(askFor('off', Item), { ...plain, when: () => false });
    const spare = route.source(askFor('spare', Item), { ...plain, optional: true, fallback: { id: 4 } });
    const merged = route.merge(
      { bad, good, off, spare },
      {
        one: 'good.id',
        two: 'bad.id',
        two2: 'bad.size',
        three: pick('off', { id: 'id' }),
        four: pick('spare', { is: 'id' }),
      },
    );
    const { text } = await createFanOut(merged, {
      '/good': answer('{"more":1,"id":1}'),
      '/bad': failure('timeout'),
      '/spare': failure('timeout'),
    }).run();
    expect(data(text())).toBe('{"two":null,"two2":null,"one":1,"three":null,"four":{"is":4}}');
  });

  test('has no field of an answer in which all are missing', async () => {
    const route = draft();
    const [a, b, c] = ['a', 'b', 'c'].map((name) => route.source(askFor(name, Item), plain));
    if (!a || !b || !c) throw new TypeError('there are three');
    const merged = route.merge({ a, b, c }, { a: 'a.size', b: 'b.size', c: 'c.size' });
    const { plan, run } = createFanOut(merged, {
      '/a': answer('{"id":1}'),
      '/b': answer('{"id":1,"size":2}'),
      '/c': answer('{"id":1}'),
    });
    expect(data((await run()).text())).toBe('{"b":2}');
    expect(plan.sources.map(({ selection }) => selection?.write({}).toString())).toEqual(['', '', '']);
  });

  test('takes fields of a value that did not arrive as bytes, and nothing of what is only needed', async () => {
    const route = draft();
    const id = (n: number) =>
      shop.provider({ name: `run-${n}`, output: Item, policies: [], run: () => ({ id: n, more: 1 }) });
    const needed = route.source(id(1), plain);
    const a = route.source(id(2), { input: (_request, { needed }) => needed.id, needs: { needed } });
    const { text, reports } = await createFanOut(route.merge({ a }, { all: 'a' })).run();
    expect(data(text())).toBe('{"all":{"id":2}}');
    expect(Object.keys(reports)).toEqual(['a', 'needed']);
  });
});

describe('a merge function', () => {
  const getProduct = askFor('product', Type.Object({ title: Type.String() }));
  const getStars = askFor('stars', Type.Number());

  const merge = async (make: (answers: { product: { title: string }; stars: number | null }, q: string) => unknown) => {
    const route = defineRoute({ url: '/v1/page', summary: 'A page', query: Type.Object({ q: Type.String() }) });
    const product = route.source(getProduct, plain);
    const stars = route.source(getStars, { ...plain, optional: true });
    const merged = route.merge({ stars, product }, Type.Unknown(), (answers, { query }) => make(answers, query.q));
    const { run } = createFanOut(merged, {
      '/product': answer('{"title":"Chair","secret":1}'),
      '/stars': failure('timeout'),
    });
    return run({ request: { query: { q: 'x' } } });
  };

  test('makes the payload of the answers, stripped to their schemas, and of the request', async () => {
    const { text } = await merge(({ product, stars }, q) => ({ title: product.title, all: product, stars, q }));
    expect(text()).toMatch(
      /^\{"data":\{"title":"Chair","all":\{"title":"Chair"\},"stars":null,"q":"x"\},"complete":false,/,
    );
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('secret');
      },
    ],
    ['returns nothing', () => undefined],
    ['returns what is no JSON', () => 1n],
  ])('that %s is an internal failure of the whole, and its message says nothing', async (_how, make) => {
    const { text } = await merge(make);
    expect(text).toThrow('a defect in the merge');
  });
});

describe('Server-Timing', () => {
  test('has one entry a source: name, duration, and the status as description', async () => {
    const { execution } = await createMixed().run();
    expect(toServerTiming(execution.reports)).toBe(
      [
        'off;dur=0;desc="skipped"',
        'good;dur=40;desc="ok"',
        'after;dur=0;desc="skipped"',
        'bad;dur=30;desc="timeout"',
        'spare;dur=20;desc="upstream_error"',
      ].join(', '),
    );
  });

  test('durations have one decimal', async () => {
    const route = draft();
    const a = route.source(ask('a'), plain);
    const { execution } = await createFanOut(route.merge({ a }), { '/a': answer('1') }).run();
    const [report] = execution.reports;
    const reports = report
      ? [
          { ...report, durationMs: 41.249 },
          { ...report, durationMs: 0.05 },
        ]
      : [];
    expect(toServerTiming(reports)).toBe('a;dur=41.2;desc="ok", a;dur=0.1;desc="ok"');
  });
});
