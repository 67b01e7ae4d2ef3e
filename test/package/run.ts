/**
 * Packs the package, installs it in empty folders, and does there what the README says other repositories do: providers
 * and routes of their own in TypeScript and in JavaScript, and Confluo as a plugin of a server they have already.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createHost, findFreePort, runCommand, waitFor } from '../support/process.ts';

const repository = resolve(import.meta.dirname, '../..');
const work = mkdtempSync(join(tmpdir(), 'confluo-package-'));
const upstream = createServer((request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ text: `Hello, ${request.url?.replace('/greetings/', '')}` }));
});

try {
  const host = createHost(work);
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const { port } = upstream.address() as AddressInfo; // it listens on TCP
  const greetings = `http://127.0.0.1:${port}`;
  const bin = { ...host, CONFLUO_UPSTREAM_GREETINGS_ORIGIN: greetings };

  runCommand(`npm pack --pack-destination ${work}`, repository, host);
  console.log('ok  it builds, publint finds nothing, it packs');

  const typescript = install('typescript', [...devDependencies('typescript', '@types/node'), 'fastify'], host);
  runCommand('npx --no-install tsc -p .', typescript, host);
  console.log('ok  TypeScript: the compiler finds nothing');
  await serve('npx --no-install confluo', typescript, bin, async (origin) => {
    assert.deepEqual(await get(`${origin}/v1/greetings/ada`), { text: 'Hello, ada', characters: 10 });
  });
  console.log('ok  TypeScript: npx confluo serves ./routes');
  await serve('node server.ts', typescript, { ...host, GREETINGS_ORIGIN: greetings }, async (origin) => {
    assert.deepEqual(await get(`${origin}/v1/greetings/ada`), { text: 'Hello, ada', characters: 10 });
    assert.deepEqual(await (await fetch(`${origin}/hello`)).json(), { hello: 'world' });
  });
  console.log('ok  a server that was there before serves its own routes and ours');

  const javascript = install('javascript', [], host);
  await serve('npx --no-install confluo', javascript, bin, async (origin) => {
    assert.deepEqual(await get(`${origin}/v1/greetings/ada`), { greeting: { text: 'Hello, ada' } });
  });
  console.log('ok  JavaScript: npx confluo serves ./routes');
} finally {
  upstream.close();
  rmSync(work, { recursive: true, force: true });
}

/** Copies an application of `apps/` and installs the package and the others there. */
function install(app: string, others: readonly string[], env: NodeJS.ProcessEnv): string {
  const folder = join(work, app);
  cpSync(join(import.meta.dirname, 'apps', app), folder, { recursive: true });
  runCommand(`npm install --no-audit --no-fund ../confluo-*.tgz ${others.join(' ')}`, folder, env);
  return folder;
}

/** The versions that this repository uses, so that nothing newer decides the test. */
function devDependencies(...names: readonly string[]): readonly string[] {
  const manifest = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
    readonly devDependencies: Readonly<Record<string, string>>; // npm itself requires it to be so
  };
  return names.map((name) => `'${name}@${manifest.devDependencies[name]}'`);
}

/** Runs a server while `use` does, and ends it with all its children. */
async function serve(
  command: string,
  cwd: string,
  env: NodeJS.ProcessEnv,
  use: (origin: string) => Promise<void>,
): Promise<void> {
  const port = await findFreePort();
  const child = spawn('sh', ['-c', command], {
    cwd,
    env: { ...env, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'inherit'],
    detached: true,
  });
  const origin = `http://127.0.0.1:${port}`;
  try {
    await waitFor(async () => (await fetch(origin)).status > 0, child);
    await use(origin);
  } finally {
    if (child.pid && child.exitCode === null) process.kill(-child.pid, 'SIGTERM');
  }
}

/** The payload of an answer that is complete. */
async function get(url: string): Promise<unknown> {
  const response = await fetch(url);
  const { data, complete } = (await response.json()) as { readonly data: unknown; readonly complete: boolean }; // our envelope
  assert.equal(response.status, 200, url);
  assert.equal(complete, true, url);
  return data;
}
