import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fastify from 'fastify';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { buildApp } from '../../src/app.ts';
import { confluo, defineRoute, defineUpstream, path, type Route, Type } from '../../src/index.ts';
import { ask, json, plain, serve, startUpstream } from './setup.ts';

const Item = Type.Object({ id: Type.String(), stars: Type.Union([Type.Integer(), Type.Null()]) });

/** Routes that show everything a contract can have. */
function describeRoutes(origin: string): readonly Route[] {
  const upstream = defineUpstream({ name: 'shop', origin, policies: [] });
  const provide = (name: string, output = Type.Array(Item)) =>
    upstream.provider({ name, output, policies: [], request: (_input: null) => ({ path: path`/${name}` }) });
  const [items, more, last] = [provide('items'), provide('more'), provide('last')];

  const listing = defineRoute({
    url: '/v1/shops/:shop/items',
    summary: 'All items of a shop',
    description: 'In the order of their **stars**.',
    tags: ['items'],
    params: Type.Object({ shop: Type.String({ description: 'Its name.' }) }),
    query: Type.Object({
      limit: Type.Integer({ minimum: 1, maximum: 9, default: 3 }),
      sort: Type.Optional(Type.Enum(['up', 'down'])),
    }),
    headers: Type.Object({ 'x-tenant': Type.Optional(Type.String()) }),
  });
  const all = listing.source(items, plain);
  const optional = listing.source(more, { ...plain, optional: true });
  const dependent = listing.source(last, { ...plain, needs: { optional }, optional: true, fallback: [] });

  const order = defineRoute({
    method: 'POST',
    url: '/v1/orders',
    summary: 'Order items',
    body: Type.Object({ ids: Type.Array(Type.String(), { minItems: 1 }) }),
  });
  const ordered = order.source(items, plain);
  const Payload = Type.Object({ count: Type.Integer(), state: Type.String() });
  return [
    listing.merge({ all, dependent }),
    order.merge({ ordered }, Payload, (answers) => ({ count: answers.ordered.length, state: 'ordered' })),
  ];
}

const routes = describeRoutes('http://127.0.0.1:9');

/** The parts of a contract that are looked at here. */
interface Contract {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly required?: boolean }[];
  readonly requestBody?: unknown;
  readonly responses: Readonly<
    Record<
      string,
      { readonly content: Readonly<Record<string, { readonly schema: object; readonly example?: unknown }>> }
    >
  >;
}

async function readContract(examples = {}): Promise<Contract> {
  const { server } = await buildApp({ routes, examples });
  const contract: Contract = (await server.inject('/openapi.json')).json();
  await server.close();
  return contract;
}

const envelopeOf = ({ paths }: Contract, url: string, method: string) =>
  paths[url]?.[method]?.responses['200']?.content['application/json'];

/** Every `$ref` of a document, with what it leads to. */
function findRefs(part: unknown, root: unknown): readonly (readonly [string, unknown])[] {
  if (typeof part !== 'object' || part === null) return [];
  return Object.entries(part).flatMap(([key, value]) =>
    key === '$ref' ? [[value, follow(value, root)] as const] : findRefs(value, root),
  );
}

const follow = (ref: string, root: unknown): unknown =>
  ref
    .slice(2)
    .split('/')
    .reduce<unknown>(
      (part, key) => (typeof part === 'object' && part !== null ? Reflect.get(part, key) : undefined),
      root,
    );

test('describes each route: parameters, body, the envelope with the names of its sources, problems', async () => {
  const contract = await readContract();

  expect(contract.openapi).toMatch(/^3\.1\./);
  expect(Object.keys(contract.paths)).toEqual(['/v1/shops/{shop}/items', '/v1/orders']);
  expect(Object.keys(contract.paths['/v1/orders'] ?? {})).toEqual(['post']);
  expect(Object.keys(contract.paths['/v1/shops/{shop}/items'] ?? {})).toEqual(['get']);

  const listing = contract.paths['/v1/shops/{shop}/items']?.['get'];
  expect(listing).toMatchObject({
    operationId: 'getV1ShopsByShopItems',
    summary: 'All items of a shop',
    tags: ['items'],
  });
  expect(listing?.parameters).toMatchObject([
    { in: 'query', name: 'limit' },
    { in: 'query', name: 'sort' },
    { in: 'path', name: 'shop', required: true },
    { in: 'header', name: 'x-tenant' },
  ]);
  expect(Object.keys(listing?.responses ?? {})).toEqual(['200', '400', '404', '500', '502', '503', '504']);
  expect(envelopeOf(contract, '/v1/shops/{shop}/items', 'get')?.schema).toMatchObject({
    required: ['data', 'complete', 'sources'],
    properties: {
      data: { properties: { all: { type: 'array' }, dependent: { anyOf: [{ type: 'array' }, { type: 'null' }] } } },
      sources: { required: ['all', 'dependent', 'optional'] },
    },
  });

  const order = contract.paths['/v1/orders']?.['post'];
  expect(order?.requestBody).toMatchObject({
    required: true,
    content: { 'application/json': { schema: { required: ['ids'] } } },
  });
  expect(envelopeOf(contract, '/v1/orders', 'post')?.schema).toMatchObject({
    properties: { data: { required: ['count', 'state'] }, sources: { required: ['ordered'] } },
  });
});

test('every reference leads somewhere', async () => {
  const contract = await readContract();
  const refs = findRefs(contract, contract);
  expect(new Set(refs.map(([ref]) => ref))).toEqual(
    new Set(['#/components/schemas/SourceStatus', '#/components/schemas/Problem']),
  );
  expect(refs.filter(([, target]) => typeof target !== 'object')).toEqual([]);
});

test('has the examples that it is given', async () => {
  const example = { data: {}, complete: true, sources: {} };
  const contract = await readContract({ postV1Orders: example });
  expect(envelopeOf(contract, '/v1/orders', 'post')).toHaveProperty('example', example);
  expect(envelopeOf(contract, '/v1/shops/{shop}/items', 'get')).not.toHaveProperty('example');
});

test('is what comes out: complete, partial, and problems', async () => {
  const upstream = await startUpstream({ '/items': json([{ id: 'a', stars: null, more: 1 }]), '/more': json([]) });
  const { origin } = await serve({ routes: describeRoutes(upstream.origin) });
  const contract = await readContract();
  const ajv = new Ajv2020({ strict: false });
  ajv.addSchema({ $id: 'contract', ...contract });
  const check = (url: string, method: string, status: number, type: string, value: unknown) => {
    const pointer = [
      'paths',
      url.replaceAll('/', '~1'),
      method,
      'responses',
      status,
      'content',
      type.replaceAll('/', '~1'),
      'schema',
    ];
    const validate = ajv.compile({ $ref: `contract#/${pointer.join('/')}` });
    expect({ isValid: validate(value), errors: validate.errors }).toEqual({ isValid: true, errors: null });
  };

  const partial = await ask(`${origin}/v1/shops/a/items`);
  const ordered = await ask(`${origin}/v1/orders`, { method: 'POST', body: { ids: ['a'] } });
  const invalid = await ask(`${origin}/v1/orders`, { method: 'POST', body: { ids: [] } });
  const strict = await ask(`${origin}/v1/shops/a/items`, { headers: { prefer: 'handling=strict' } });

  expect([partial, ordered, invalid, strict].map(({ status }) => status)).toEqual([200, 200, 400, 404]);
  expect(partial.json()).toMatchObject({ data: { dependent: [] }, complete: false });
  check('/v1/shops/{shop}/items', 'get', 200, 'application/json', partial.json());
  check('/v1/orders', 'post', 200, 'application/json', ordered.json());
  check('/v1/orders', 'post', 400, 'application/problem+json', invalid.json());
  check('/v1/shops/{shop}/items', 'get', 404, 'application/problem+json', strict.json());
});

test('is the same as YAML', async () => {
  const { server } = await buildApp({ routes });
  const [asJson, asYaml] = [await server.inject('/openapi.json'), await server.inject('/openapi.yaml')];
  await server.close();
  expect(asYaml.headers['content-type']).toMatch(/^application\/yaml/);
  expect(parse(asYaml.body)).toEqual(asJson.json());
});

test('is valid to an independent judge', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'confluo-contract-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'openapi.json');
  await writeFile(file, JSON.stringify(await readContract()));
  const redocly = join(import.meta.dirname, '../../node_modules/@redocly/cli/bin/cli.js');
  const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };

  const lint = promisify(execFile)(process.execPath, [redocly, 'lint', '--extends=spec', '--format=json', file], {
    env,
    cwd: folder,
  });

  expect(JSON.parse((await lint).stdout)).toMatchObject({ totals: { errors: 0, warnings: 0 } });
}, 60_000);

test('the interactive page is there', async () => {
  const { server } = await buildApp({ routes });
  const answer = await server.inject('/docs/');
  await server.close();
  expect(answer).toMatchObject({ statusCode: 200, headers: { 'content-type': expect.stringContaining('text/html') } });
});

test('as a plugin, the routes stand in the contract of the host', async () => {
  const host = fastify();
  await host.register(import('@fastify/swagger'), {
    openapi: { openapi: '3.1.0', info: { title: 'Host', version: '1' } },
  });
  await host.register(confluo, { routes, prefix: '/bff' });
  await host.ready();
  const contract: unknown = JSON.parse(JSON.stringify(host.swagger()));
  await host.close();
  expect(contract).toMatchObject({ paths: { '/bff/v1/orders': { post: { operationId: 'postV1Orders' } } } });
  expect(findRefs(contract, contract).filter(([, target]) => typeof target !== 'object')).toEqual([]);
});
