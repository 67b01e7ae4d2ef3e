import { readdir, readFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DefinitionError } from '../engine/definition-error.ts';
import type { Route } from '../engine/route.ts';

/**
 * Loads an application's folder: imports every file of `providers/`, so that a broken one is named, and collects the
 * default exports of `routes/`, in the order of their names.
 *
 * @throws DefinitionError naming the file that cannot be imported or does not export a route.
 */
export async function loadRoutes(folder: string): Promise<readonly Route[]> {
  for (const file of await listModules(join(folder, 'providers'))) await importModule(file, folder);
  const routes: Route[] = [];
  for (const file of await listModules(join(folder, 'routes'))) {
    const { default: route } = await importModule(file, folder);
    if (!isRoute(route)) throw new DefinitionError(`${relative(folder, file)}: the default export is not a route`);
    routes.push(route);
  }
  if (routes.length === 0)
    throw new DefinitionError(`no routes found: ${join(folder, 'routes')} has no .ts, .js or .mjs file`);
  return routes;
}

const moduleForm = /^[^._].*\.(?:ts|mts|js|mjs)$/;
const declarationForm = /\.d\.m?ts$/;

async function listModules(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  });
  return entries
    .filter((entry) => entry.isFile() && moduleForm.test(entry.name) && !declarationForm.test(entry.name))
    .map((entry) => join(folder, entry.name))
    .sort();
}

async function importModule(file: string, folder: string): Promise<{ readonly default?: unknown }> {
  try {
    return (await import(pathToFileURL(file).href)) as { readonly default?: unknown }; // what a module exports is an object
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new DefinitionError(`${relative(folder, file)}: ${said.split('\n')[0]}`, { cause });
  }
}

const isRoute = (value: unknown): value is Route =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'route';

/**
 * Real answers for the contract, by operation id: `openapi/examples/<operation id>.json`, where the folder has any.
 *
 * @throws DefinitionError naming the file that is not JSON.
 */
export async function loadExamples(folder: string): Promise<Readonly<Record<string, unknown>>> {
  const examples = join(folder, 'openapi', 'examples');
  const names = (await readdir(examples).catch(() => [])).filter((name) => name.endsWith('.json'));
  const entries = names
    .sort()
    .map(async (name) => [basename(name, '.json'), await readJson(join(examples, name), folder)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

async function readJson(file: string, folder: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new DefinitionError(`${relative(folder, file)}: not readable as JSON`, { cause });
  }
}
