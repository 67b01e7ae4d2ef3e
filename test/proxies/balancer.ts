import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from '../support/process.ts';
import { launch } from './proxies.ts';

/** haproxy in front of several servers. */
export interface Balancer {
  readonly origin: string;
  /** What it thinks of each server, in their order: UP or DOWN, or on the way there. */
  states(): Promise<readonly string[]>;
  /** What it noted that has this text in it: the id of a request, or `Health check`. */
  lines(text: string): readonly string[];
  stop(): Promise<void>;
}

/** How often haproxy asks each server for `/readyz`, milliseconds; two that fail take it out, one that passes brings it back. */
export const checkMs = 250;

/** Starts haproxy on loopback as docs/operations.md has it, but with more checks; its files are in `folder`. It sends nothing twice. */
export async function startBalancer(targets: readonly number[], folder: string): Promise<Balancer> {
  const port = await findFreePort();
  const statePort = await findFreePort();
  const file = join(folder, 'balancer.conf');
  writeFileSync(file, toConfig({ port, statePort, targets }));
  const { output, stop } = await launch('haproxy', ['-db', '-f', file], port);
  return {
    origin: `http://127.0.0.1:${port}`,
    async states() {
      const table = await (await fetch(`http://127.0.0.1:${statePort}/;csv`)).text();
      const rows = table.split('\n').map((line) => line.split(','));
      const column = rows[0]?.indexOf('status') ?? -1;
      return rows.filter(([, server]) => server?.startsWith('confluo-')).map((row) => row[column] ?? '');
    },
    lines: (text) =>
      output()
        .split('\n')
        .filter((line) => line.includes(text)),
    stop,
  };
}

interface Ports {
  readonly port: number;
  readonly statePort: number;
  readonly targets: readonly number[];
}

const toConfig = ({ port, statePort, targets }: Ports): string => `
global
  log stdout format raw local0
defaults
  mode http
  log global
  log-format "%[capture.req.hdr(0)] %HM %s %ST %ts %Tw/%Tc/%Tr/%Ta"
  timeout connect 1s
  timeout client 30s
  timeout server 30s
  timeout check 2s
  retries 0
frontend clients
  bind 127.0.0.1:${port}
  http-request capture req.hdr(x-request-id) len 40
  default_backend confluo
frontend state
  bind 127.0.0.1:${statePort}
  no log
  stats enable
  stats uri /
backend confluo
  http-reuse always
  option httpchk GET /readyz
  option log-health-checks
  default-server check inter ${checkMs}ms fall 2 rise 1
${targets.map((target, index) => `  server confluo-${index} 127.0.0.1:${target}`).join('\n')}
`;
