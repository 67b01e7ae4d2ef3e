/**
 * Replays the steps of the Dockerfile in empty folders, where there is no container engine: what `.dockerignore` lets
 * through is copied, the RUNs run, and the CMD starts with the ENV, as nobody if it can. The image's Node is the one
 * that runs this script.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { createHost, findFreePort, runCommand, waitFor } from '../support/process.ts';
import { listContext, parseCopy, parseDockerfile, parseEnv, parseExec, type Stage } from './dockerfile.ts';

const repository = resolve(import.meta.dirname, '../..');
const work = mkdtempSync(join(tmpdir(), 'confluo-docker-'));
chmodSync(work, 0o755);

/** A stage that has been built: its folder stands for its WORKDIR. */
interface Built {
  readonly stage: Stage;
  readonly root: string;
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
}

try {
  const host = createHost(work);
  const built = new Map<string, Built>();
  for (const stage of parseDockerfile(readFileSync(join(repository, 'Dockerfile'), 'utf8'))) {
    built.set(stage.name, build(stage, built, host));
    console.log(`ok  stage ${stage.name} (${stage.image}) builds`);
  }
  const image = [...built.values()].at(-1);
  assert(image, 'the Dockerfile has no stage');
  checkContents(image);
  await checkProcess(image, host);
} finally {
  rmSync(work, { recursive: true, force: true });
}

function build(stage: Stage, built: ReadonlyMap<string, Built>, host: NodeJS.ProcessEnv): Built {
  const root = join(work, `stage-${stage.name}`);
  mkdirSync(root);
  let workdir = '/';
  let env: Readonly<Record<string, string>> = {};
  // Absolute paths of the image are below its WORKDIR, which the stage's folder stands for.
  const toHost = (place: string, at: Pick<Built, 'root' | 'workdir'>) =>
    join(at.root, place.startsWith('/') ? place.slice(at.workdir.length) : place);

  for (const { keyword, rest } of stage.instructions) {
    if (keyword === 'WORKDIR') workdir = rest;
    else if (keyword === 'ENV') env = { ...env, ...parseEnv(rest) };
    else if (keyword === 'RUN') runCommand(rest, root, { ...host, ...env });
    else if (keyword === 'COPY') {
      const { from, sources, destination } = parseCopy(rest);
      const origin = from === undefined ? undefined : built.get(from);
      if (from !== undefined && !origin) throw new Error(`COPY --from=${from}: no such stage`);
      const target = toHost(destination, { root, workdir });
      // Of a folder its contents are copied, to where the destination says; a file may be put into a folder.
      const toFile = (name: string) => (/(^|\/)\.?$/.test(destination) ? join(target, basename(name)) : target);
      for (const source of sources) {
        if (origin) copyFromStage(toHost(source, origin), target, toFile);
        else copyFromContext(source.replace(/^\.\//, ''), target, toFile);
      }
    } else if (!['CMD', 'USER', 'EXPOSE', 'HEALTHCHECK'].includes(keyword)) {
      throw new Error(`this replay does not know ${keyword}`);
    }
  }
  return { stage, root, workdir, env };
}

function copyFromStage(source: string, target: string, toFile: (name: string) => string): void {
  const to = statSync(source).isDirectory() ? target : toFile(source);
  cpSync(source, to, { recursive: true, verbatimSymlinks: true });
}

function copyFromContext(source: string, target: string, toFile: (name: string) => string): void {
  const files = listContext(repository).filter((file) => file === source || file.startsWith(`${source}/`));
  assert(files.length > 0, `COPY ${source}: nothing there, or .dockerignore holds it back`);
  for (const file of files) {
    const to = file === source ? toFile(file) : join(target, file.slice(source.length));
    mkdirSync(dirname(to), { recursive: true });
    cpSync(join(repository, file), to);
  }
}

function checkContents({ stage, root }: Built): void {
  const { devDependencies } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
    readonly devDependencies: Readonly<Record<string, string>>; // npm itself requires it to be so
  };
  const present = Object.keys(devDependencies).filter((name) => existsSync(join(root, 'node_modules', name)));
  assert.deepEqual(present, [], 'development dependencies in the image');
  assert(!existsSync(join(root, 'src')), 'sources in the image');
  const user = stage.instructions.findLast(({ keyword }) => keyword === 'USER')?.rest;
  assert(user && user !== 'root' && user !== '0', 'the image runs as root');
  console.log('ok  the image holds no sources and no development dependencies, and does not run as root');
}

async function checkProcess({ stage, root, workdir, env }: Built, host: NodeJS.ProcessEnv): Promise<void> {
  const restOf = (keyword: string) => stage.instructions.findLast((step) => step.keyword === keyword)?.rest ?? '';
  const port = await findFreePort();
  const inFolder = Object.fromEntries(
    Object.entries(env).map(([name, value]) => {
      const isPlace = value.startsWith(`${workdir}/`);
      return [name, isPlace ? join(root, value.slice(workdir.length)) : value] as const;
    }),
  );
  const environment = { ...inFolder, PATH: host['PATH'], PORT: String(port) };
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

  const [command = '', ...words] = parseExec(restOf('CMD'));
  const child = spawn(command, words, { cwd: root, env: environment, stdio: ['ignore', 'pipe', 'inherit'], ...nobody });
  const output = collect(child);
  try {
    const origin = `http://127.0.0.1:${port}`;
    await waitFor(async () => (await fetch(`${origin}/livez`)).ok, child);
    console.log('ok  it starts and is alive');
    assert.equal((await fetch(`${origin}/readyz`)).status, 200, 'GET /readyz');
    console.log('ok  it is ready');
    const contract = await (await fetch(`${origin}/openapi.json`)).text();
    assert.match(contract, /"\/v1\//, 'the contract names no route of the image');
    console.log('ok  it serves the routes of the image');
    const [checker = '', ...rest] = parseExec(restOf('HEALTHCHECK').replace(/^.*?CMD\s+/, ''));
    execFileSync(checker, rest, { env: environment, timeout: 5_000 });
    console.log('ok  its health check passes');
    child.kill('SIGTERM');
    await once(child, 'exit', { signal: AbortSignal.timeout(15_000) });
    assert.equal(child.exitCode, 0, 'exit code after SIGTERM');
    console.log('ok  it ends with 0 after SIGTERM');
  } catch (error) {
    console.error(output().slice(-4_000));
    throw error;
  } finally {
    child.kill('SIGKILL');
  }
}

function collect(child: ChildProcess): () => string {
  const chunks: string[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
  return () => chunks.join('');
}
