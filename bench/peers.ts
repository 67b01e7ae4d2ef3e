/** Programs of others, with their configuration in `peers/`. They run where they are installed, on Linux. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Usage } from './measure.ts';
import type { Origins } from './upstream.ts';

interface Peer {
  /** What can be found on the PATH. */
  readonly programs: readonly string[];
  readonly configuration: string;
  readonly toArguments: (at: {
    readonly folder: string;
    readonly file: string;
    readonly port: number;
  }) => readonly string[];
  /** Whether what was found can do the work. */
  readonly suffices: (program: string) => boolean;
}

/** Where Debian has nginx's modules; OpenResty has them built in. */
const modules = ['ndk_http_module.so', 'ngx_http_lua_module.so'].map((name) => join('/usr/lib/nginx/modules', name));
const hasModules = (): boolean => modules.every((file) => existsSync(file));

const peers = {
  nginx: {
    programs: ['openresty', 'nginx'],
    configuration: 'nginx.conf',
    toArguments: ({ folder, file }) => ['-p', folder, '-c', file, '-e', 'stderr'],
    suffices: (program) => program === 'openresty' || hasModules(),
  },
  krakend: {
    programs: ['krakend'],
    configuration: 'krakend.json',
    toArguments: ({ file, port }) => ['run', '-c', file, '-p', String(port)],
    suffices: () => true,
  },
} as const satisfies Record<string, Peer>;

export type PeerName = keyof typeof peers;

/** Whether the peer can run here. */
export const isInstalled = (name: PeerName): boolean => process.platform === 'linux' && findProgram(name) !== undefined;

function findProgram(name: PeerName): string | undefined {
  const { programs, suffices }: Peer = peers[name];
  return programs.find((program) => spawnSync('which', [program]).status === 0 && suffices(program));
}

/** Starts a peer and waits until it listens. */
export async function startPeer(name: PeerName, origins: Origins, core: number | undefined) {
  const { configuration, toArguments }: Peer = peers[name];
  const program = findProgram(name);
  if (!program) throw new Error(`${name} is not installed`);
  const port = await findFreePort();
  const folder = mkdtempSync(join(tmpdir(), `${name}-`));
  const file = join(folder, configuration);
  const load = program === 'nginx' ? modules.map((path) => `load_module ${path};`).join('\n') : '';
  writeFileSync(file, fillIn(configuration, { port, ...toHosts(origins), modules: load }));
  const command = [program, ...toArguments({ folder, file, port })];
  const [first = '', ...rest] = core === undefined ? command : ['taskset', '-c', String(core), ...command];
  const child = spawn(first, rest, { stdio: ['ignore', 'ignore', 'inherit'] });
  const stop = () => {
    process.off('exit', stop);
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', stop);
  await untilListening(port, child).catch((error: unknown) => {
    stop();
    throw error;
  });
  return { port, usage: async () => readUsage(child.pid ?? 0), stop };
}

const toHosts = ({ catalog, reviews, stock }: Origins) => ({
  catalog: new URL(catalog).host,
  reviews: new URL(reviews).host,
  stock: new URL(stock).host,
});

/** Puts values in the place of `@name@`. */
function fillIn(configuration: string, values: Readonly<Record<string, unknown>>): string {
  const template = readFileSync(new URL(`./peers/${configuration}`, import.meta.url), 'utf8');
  return template.replace(/@(\w+)@/g, (_whole, name: string) => String(values[name]));
}

function findFreePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo; // it listens on TCP
      server.close(() => resolve(port));
    });
  });
}

async function untilListening(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with ${child.exitCode}`);
    if (await canConnect(port)) return;
    await sleep(50);
  }
  throw new Error(`nothing listens on port ${port}`);
}

const canConnect = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.on('connect', () => socket.destroy());
    socket.on('error', () => resolve(false));
  });

/** CPU time and memory of a single process, as Linux tells them; its requests are counted by the load. */
function readUsage(pid: number): Usage {
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanos = threads.map((id) => Number(readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'utf8').split(' ')[0]));
  const rssKilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return {
    cpuMicros: nanos.reduce((sum, spent) => sum + spent, 0) / 1_000,
    atMs: performance.timeOrigin + performance.now(),
    requests: undefined,
    rssBytes: 1_024 * Number(rssKilobytes),
  };
}
