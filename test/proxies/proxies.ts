import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { findFreePort } from '../support/process.ts';

/** A request that a proxy says it has passed on. */
export interface Forwarded {
  readonly id: string;
  readonly method: string;
  readonly status: number;
}

/** A proxy that runs. */
export interface RunningProxy {
  readonly port: number;
  /** What it has passed on so far, by its own log. */
  forwarded(): readonly Forwarded[];
  stop(): Promise<void>;
}

interface Kind {
  readonly versionArgument: string;
  readonly startArguments: (file: string, folder: string) => readonly string[];
  readonly toConfig: (port: number, target: number, folder: string) => string;
}

/**
 * Configurations that let through as much as they can, keep connections to the server, send nothing twice, and give each
 * request an id, which the server logs.
 */
const kinds = {
  nginx: {
    versionArgument: '-v',
    startArguments: (file, folder) => ['-c', file, '-p', folder, '-e', join(folder, 'error.log')],
    toConfig: (port, target, folder) => `
daemon off; master_process off; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events { worker_connections 256; }
http {
  log_format forwarded '$request_id $request_method $upstream_status';
  access_log ${folder}/access.log forwarded;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  client_header_timeout 1s; client_body_timeout 1s; keepalive_timeout 1s; lingering_close off;
  large_client_header_buffers 16 128k; client_header_buffer_size 128k; client_max_body_size 0;
  ignore_invalid_headers off; underscores_in_headers on; merge_slashes off;
  upstream confluo { server 127.0.0.1:${target}; keepalive 8; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://confluo; proxy_http_version 1.1; proxy_next_upstream off;
      proxy_set_header Connection ""; proxy_set_header Host $http_host; proxy_set_header X-Request-Id $request_id;
    }
  }
}
`,
  },
  haproxy: {
    versionArgument: '-v',
    startArguments: (file) => ['-db', '-f', file],
    toConfig: (port, target) => `
global
  log stdout len 65535 format raw local0
  tune.bufsize 262144
  tune.maxrewrite 1024
  tune.http.maxhdr 32767
defaults
  mode http
  log global
  log-format "%ID %HM %s %ST"
  timeout connect 1s
  timeout client 1s
  timeout server 5s
  timeout http-request 1s
  timeout http-keep-alive 1s
  retries 0
  http-reuse always
frontend clients
  bind 127.0.0.1:${port}
  unique-id-format %[uuid()]
  http-request set-header x-request-id %[unique-id]
  default_backend confluo
backend confluo
  server confluo 127.0.0.1:${target}
`,
  },
} as const satisfies Readonly<Record<string, Kind>>;

/** The proxies that are known. */
export type ProxyName = keyof typeof kinds;

/** Their names. */
export const proxyNames = Object.keys(kinds) as readonly ProxyName[]; // their own keys

/** Whether it can be started here. */
export const isInstalled = (name: ProxyName): boolean => spawnSync(name, [kinds[name].versionArgument]).status === 0;

/** Starts a proxy on a free port of loopback in front of the server on `target`; its files are in `folder`. */
export async function startProxy(name: ProxyName, target: number, folder: string): Promise<RunningProxy> {
  const kind: Kind = kinds[name];
  const port = await findFreePort();
  const file = join(folder, `${name}.conf`);
  writeFileSync(file, kind.toConfig(port, target, folder));
  const { output, stop } = await launch(name, kind.startArguments(file, folder), port);
  const readLog = () => (name === 'nginx' ? readFileSync(join(folder, 'access.log'), 'utf8') : output());
  return { port, stop, forwarded: () => readLog().split('\n').flatMap(toForwarded) };
}

/** A proxy's process. */
export interface Launched {
  /** What it has written so far. */
  output(): string;
  stop(): Promise<void>;
}

/** Starts a proxy's program and waits until it listens on this port. */
export async function launch(name: ProxyName, args: readonly string[], port: number): Promise<Launched> {
  const child = spawn(name, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let complaints = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text;
  });
  const stop = () => end(child);
  for (let tries = 0; !(await isListening(port)); tries += 1) {
    if (tries < 100 && child.exitCode === null) continue;
    await stop();
    throw new Error(`${name} does not start: ${complaints}`);
  }
  return { output: () => output, stop };
}

/** `id method status`, as nginx writes it, or `id method server status`, as haproxy does; requests that were not passed on are left out. */
function toForwarded(line: string): readonly Forwarded[] {
  const [, id, method, status] = /^([\da-f-]{32,36}) (\S+) (?:confluo )?(\d{3})$/.exec(line) ?? [];
  return id && method ? [{ id, method, status: Number(status) }] : [];
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' });
  const isOpen = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  if (!isOpen) await new Promise((resolve) => setTimeout(resolve, 50));
  return isOpen;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const timer = setTimeout(() => child.kill('SIGKILL'), 2_000);
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
  clearTimeout(timer);
}
