import { expect, test } from 'vitest';
import { defineRoute, defineUpstream, path, Type } from '../../src/index.ts';
import { isDeeper } from '../../src/server/depth.ts';
import { json, serve, startUpstream } from './setup.ts';

test.each([
  ['1', 0],
  ['null', 0],
  ['"[[["', 0],
  ['[]', 1],
  ['[1,{}]', 2],
  ['{"a":1,"b":{"c":[]}}', 3],
])('%s is %i deep', (text, depth) => {
  const value: unknown = JSON.parse(text);
  expect(isDeeper(value, depth)).toBe(false);
  if (depth > 0) expect(isDeeper(value, depth - 1)).toBe(true);
});

test('no depth is too much to tell', () => {
  expect(isDeeper(JSON.parse(`${'['.repeat(500_000)}${']'.repeat(500_000)}`), 64)).toBe(true);
});

/** Bodies that are read, validated by a schema that calls itself, passed on, and answered. */
async function build() {
  const upstream = await startUpstream(json(1));
  const tree = Type.Cyclic({ Tree: Type.Array(Type.Ref('Tree')) }, 'Tree');
  const here = defineUpstream({ name: 'here', origin: upstream.origin });
  const add = here.provider({
    name: 'add',
    method: 'POST',
    output: Type.Unknown(),
    request: (body: unknown) => ({ path: path`/things`, body }),
  });
  const any = defineRoute({ method: 'POST', url: '/any', summary: 'x', body: Type.Unknown() });
  const trees = defineRoute({ method: 'POST', url: '/trees', summary: 'x', body: tree });
  return serve({
    routes: [
      any.merge({ a: any.source(add, { input: ({ body }) => body }) }),
      trees.merge({ a: trees.source(add, { input: ({ body }) => body }) }),
    ],
  });
}

test.each(['/any', '/trees'])('a body of any depth is refused before anything walks through it: %s', async (url) => {
  const { origin } = await build();
  const post = (depth: number) =>
    fetch(origin + url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '['.repeat(depth) + ']'.repeat(depth),
    });
  expect((await post(64)).status).toBe(200);
  for (const depth of [65, 10_000, 400_000]) {
    const answer = await post(depth);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ detail: 'the body is nested too deeply' });
  }
});
