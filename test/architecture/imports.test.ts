import { describe, expect, it } from 'vitest';
import { importsOf, readSource, readSources } from './sources.ts';

/**
 * What each place may import of this repository: `routes -> providers -> the door`, and
 * `main -> serve -> app -> server -> engine <- policies`, `app -> http -> engine`. A name with a slash at its end is a folder.
 */
const allowed: Readonly<Record<string, readonly string[]>> = {
  'routes/': ['providers/', 'src/index.ts'],
  'providers/': ['providers/', 'src/index.ts'],
  'src/engine/': ['src/engine/'],
  'src/policies/': ['src/policies/', 'src/engine/'],
  'src/json/': ['src/json/'],
  'src/http/': ['src/http/', 'src/engine/', 'src/json/'],
  'src/server/': ['src/server/', 'src/engine/'],
  'src/main.ts': ['src/serve.ts', 'src/workers.ts', 'src/config.ts'],
  'src/workers.ts': ['src/config.ts'],
  'src/serve.ts': ['src/app.ts', 'src/config.ts', 'src/server/'],
  'demo/': ['demo/', 'src/main.ts'],
};

const sources = readSources('src', 'providers', 'routes', 'demo', 'bench', 'scripts');
const isIn = (path: string, place: string) => (place.endsWith('/') ? path.startsWith(place) : path === place);
const isOurs = (specifier: string) => /^(src|providers|routes|demo|bench|scripts|test)\//.test(specifier);

/** Imports of the place that `isForbidden`, as `file -> import`. */
const findImports = (place: string, isForbidden: (specifier: string) => boolean) =>
  sources
    .filter(({ path }) => isIn(path, place))
    .flatMap((source) =>
      importsOf(source)
        .filter(isForbidden)
        .map((specifier) => `${source.path} -> ${specifier}`),
    );

describe('imports', () => {
  it.each(Object.entries(allowed))('%s imports nothing of ours but %s', (place, others) => {
    const isForbidden = (specifier: string) => isOurs(specifier) && !others.some((other) => isIn(specifier, other));
    expect(findImports(place, isForbidden)).toEqual([]);
  });

  it.each([
    ['undici', ['src/http/']],
    ['fastify', ['src/app.ts', 'src/serve.ts', 'src/server/']],
  ])('%s is used in one place only', (name, places) => {
    const isUse = (specifier: string) => !isOurs(specifier) && specifier.includes(name);
    const uses = [...findImports('src/', isUse), ...findImports('providers/', isUse), ...findImports('routes/', isUse)];
    expect(uses.filter((use) => !places.some((place) => isIn(use.split(' ')[0] ?? '', place)))).toEqual([]);
  });

  it('the engine uses no package but typebox, and of Node only what does no input or output', () => {
    const isPure = (specifier: string) => isOurs(specifier) || /^(typebox|node:crypto)(\/|$)/.test(specifier);
    expect(findImports('src/engine/', (specifier) => !isPure(specifier))).toEqual([]);
  });

  it('nothing of the product imports tests, the demo, benchmarks or scripts', () => {
    const isOutside = (specifier: string) => /^(test|demo|bench|scripts)\//.test(specifier);
    const places = ['src/', 'providers/', 'routes/'];
    expect(places.flatMap((place) => findImports(place, isOutside))).toEqual([]);
  });

  it('the door exports, and does nothing else', () => {
    const statements = readSource('src/index.ts')
      .code.split(/;\s*/)
      .filter((statement) => statement.trim() !== '');
    const isExport = (statement: string) => /^\s*export (type )?\{[^}]*\} from '[^']+'$/.test(statement);
    expect(statements.filter((statement) => !isExport(statement))).toEqual([]);
  });

  it('finds every way to import', () => {
    const code = `import a from './a.ts';\nexport { b } from '../b.ts';\nimport './c.ts';\nawait import('undici');`;
    const found = importsOf({ path: 'src/engine/x.ts', text: code, code });
    expect(found).toEqual(['src/engine/a.ts', 'src/b.ts', 'src/engine/c.ts', 'undici']);
  });
});
