import { type ChildProcess, execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A port of the loopback interface that nothing listens on, for a program that has to be told one. */
export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on TCP
  server.close();
  await once(server, 'close');
  return port;
}

/** Asks until the answer is true, at most 30 s and as long as the program runs. A rejection counts as false. */
export async function waitFor(isReady: () => Promise<boolean>, program: ChildProcess): Promise<void> {
  const end = Date.now() + 30_000;
  while (Date.now() < end) {
    if (program.exitCode !== null) throw new Error(`the program ended with ${program.exitCode}`);
    if (await isReady().catch(() => false)) return;
    await sleep(50);
  }
  throw new Error('the program was not ready within 30 s');
}

/**
 * The environment of a host whose `node` is the one that runs this, and whose npm is this host's, with its settings for
 * the way to the registry. What it needs is made in the folder.
 */
export function createHost(folder: string): NodeJS.ProcessEnv {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  cpSync(process.execPath, join(bin, 'node'));
  for (const name of ['npm', 'npx']) {
    const found = execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
    symlinkSync(found, join(bin, name));
  }
  return { ...process.env, PATH: `${bin}:/usr/local/bin:/usr/bin:/bin` };
}

/** Runs a command and returns what it wrote; shows that, and throws, when it fails. At most five minutes. */
export function runCommand(command: string, cwd: string, env: NodeJS.ProcessEnv): string {
  const { status, signal, stdout, stderr } = spawnSync('sh', ['-c', command], {
    cwd,
    env,
    encoding: 'utf8',
    timeout: 300_000,
  });
  if (status === 0) return stdout;
  console.error(`${stdout}${stderr}`.slice(-4_000));
  throw new Error(`${command}: ended with ${status ?? signal}`);
}
