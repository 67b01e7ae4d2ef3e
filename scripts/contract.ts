/**
 * The contract in `openapi/`: generated from the routes, committed, compared in CI.
 *
 *   node scripts/contract.ts              writes openapi/openapi.yaml and openapi/openapi.json
 *   node scripts/contract.ts --check      exits 1 when the committed files differ
 *   node scripts/contract.ts --examples   asks the routes anew, with the examples in their schemas, and keeps the answers
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { startUpstreams } from '../demo/upstreams.ts';
import { buildApp } from '../src/app.ts';
import { toOperationId } from '../src/server/contract.ts';
import { loadExamples, loadRoutes } from '../src/server/load.ts';
import { toYaml } from '../src/server/openapi.ts';
import { toExampleRequest } from './example-request.ts';

const root = new URL('..', import.meta.url).pathname;
const folder = `${root}openapi/`;
const { values } = parseArgs({ options: { check: { type: 'boolean' }, examples: { type: 'boolean' } } });

if (values.examples) await refreshExamples();
const files = await generate();
if (values.check) await compare(files);
else for (const [name, text] of Object.entries(files)) await writeFile(folder + name, text);

async function generate(): Promise<Readonly<Record<string, string>>> {
  const { server } = await buildApp({ routes: await loadRoutes(root), examples: await loadExamples(root) });
  const files = {
    'openapi.yaml': toYaml(server),
    'openapi.json': `${JSON.stringify(server.swagger(), null, 2)}\n`,
  };
  await server.close();
  return files;
}

async function compare(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const committed = await readFile(folder + name, 'utf8').catch(() => '');
    if (committed === text) continue;
    console.error(`openapi/${name} is not what the routes say: run \`npm run contract\` and commit it`);
    process.exitCode = 1;
  }
}

async function refreshExamples(): Promise<void> {
  const upstreams = await startUpstreams();
  const routes = await loadRoutes(root);
  const { server } = await buildApp({ routes, origins: upstreams.origins });
  await mkdir(`${folder}examples`, { recursive: true });
  for (const route of routes) {
    const answer = await server.inject(toExampleRequest(route));
    if (answer.statusCode !== 200)
      throw new Error(`${route.method} ${route.url}: the example answers ${answer.statusCode}: ${answer.body}`);
    const name = `${toOperationId(route.method, route.url)}.json`;
    await writeFile(`${folder}examples/${name}`, `${JSON.stringify(answer.json(), null, 2)}\n`);
  }
  await server.close();
  await upstreams.close();
}
