import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { DefinitionError } from '../../src/engine/definition-error.ts';
import { loadExamples, loadRoutes } from '../../src/server/load.ts';

const door = pathToFileURL(join(import.meta.dirname, '../../src/index.ts')).href;

const provider = `
import { defineUpstream, path, Type } from '${door}';
const shop = defineUpstream({ name: 'shop', origin: 'http://127.0.0.1:9' });
export const getItem = shop.provider({ name: 'item', output: Type.Unknown(), request: () => ({ path: path\`/item\` }) });
`;
const route = (url: string) => `
import { defineRoute } from '${door}';
import { getItem } from '../providers/shop.ts';
const route = defineRoute({ url: '${url}', summary: 'An item' });
const item = route.source(getItem, { input: () => null });
export default route.merge({ item });
`;
const good = { 'providers/shop.ts': provider, 'routes/item.ts': route('/v1/item') };

/** A folder with these files, until the test ends. */
async function createFolder(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'confluo-load-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

describe('the routes of a folder', () => {
  test('are the default exports of its routes, in the order of their names', async () => {
    const folder = await createFolder({
      ...good,
      'routes/b.mjs': route('/v1/b'),
      'routes/a.js': route('/v1/a'),
      'routes/c.mts': route('/v1/c'),
    });
    const routes = await loadRoutes(folder);
    expect(routes.map(({ url }) => url)).toEqual(['/v1/a', '/v1/b', '/v1/c', '/v1/item']);
  });

  test('are not looked for in declarations, hidden and underscored files, folders and others', async () => {
    const broken = 'throw new Error("imported")';
    const ignored = [
      'routes/item.d.ts',
      'routes/item.d.mts',
      'routes/.hidden.ts',
      'routes/_draft.ts',
      'routes/readme.md',
      'routes/more/deep.ts',
      'providers/x.d.ts',
    ];
    const folder = await createFolder({ ...good, ...Object.fromEntries(ignored.map((name) => [name, broken])) });
    expect(await loadRoutes(folder)).toHaveLength(1);
  });

  test.each([
    [
      'a provider that throws',
      { ...good, 'providers/broken.ts': 'throw new Error("no key\\nat all")' },
      'providers/broken.ts: no key',
    ],
    [
      'a provider that throws no error',
      { ...good, 'providers/broken.ts': 'throw "text"' },
      'providers/broken.ts: text',
    ],
    [
      'a provider that cannot be defined',
      { ...good, 'providers/broken.ts': provider.replace('output: Type.Unknown(), ', '') },
      'providers/broken.ts: provider "shop/item": "output" is missing',
    ],
    ['a provider that is no code', { ...good, 'providers/broken.ts': 'export const = 1;' }, 'providers/broken.ts: '],
    [
      'a provider that imports what is not there',
      { ...good, 'providers/broken.ts': 'import "./nothing.ts";' },
      'providers/broken.ts: ',
    ],
    ['a route that throws', { ...good, 'routes/broken.ts': 'throw new Error("oops")' }, 'routes/broken.ts: oops'],
    [
      'a route without a default export',
      { ...good, 'routes/broken.ts': 'export const a = 1;' },
      'routes/broken.ts: the default export is not a route',
    ],
    [
      'a route that exports its draft',
      { ...good, 'routes/broken.ts': route('/v1/x').replace('route.merge({ item })', 'route') },
      'routes/broken.ts: the default export is not a route',
    ],
    ['no route at all', { 'providers/shop.ts': provider }, 'no routes found: '],
    ['an empty folder', {}, 'no routes found: '],
  ])('cannot be loaded from %s', async (_name, files, message) => {
    const folder = await createFolder(files);
    const error = await loadRoutes(folder).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(DefinitionError);
    expect(error).toMatchObject({ message: expect.stringContaining(message) });
    expect(String(error)).not.toContain('\n');
  });

  test('cannot be loaded from a folder that is not there', async () => {
    await expect(loadRoutes(join(tmpdir(), 'confluo-nowhere'))).rejects.toThrow('no routes found: ');
  });
});

describe('the examples of a folder', () => {
  test('are its JSON files, by operation id', async () => {
    const folder = await createFolder({
      'openapi/examples/getV1Item.json': '{"data":1}',
      'openapi/examples/notes.txt': 'x',
    });
    expect(await loadExamples(folder)).toEqual({ getV1Item: { data: 1 } });
  });

  test('are none where there are none', async () => {
    expect(await loadExamples(await createFolder({}))).toEqual({});
  });

  test('that are not JSON are named', async () => {
    const folder = await createFolder({ 'openapi/examples/getV1Item.json': '{"secret' });
    await expect(loadExamples(folder)).rejects.toThrow(
      new DefinitionError('openapi/examples/getV1Item.json: not readable as JSON'),
    );
  });
});
