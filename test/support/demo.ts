import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(import.meta.dirname, '../..');

/** `npm start` without npm. */
export interface Demo {
  readonly program: ChildProcess;
  /** What it said on standard error so far. */
  readonly said: () => string;
  /** Where it listens, once it does; rejects when it ends before. */
  readonly origin: () => Promise<string>;
}

/** Starts it, on any free port: one that was found free before might be taken by an embedded upstream. */
export function spawnDemo(env: Readonly<Record<string, string>>): Demo {
  const program = spawn(process.execPath, ['demo/start.ts'], {
    cwd: root,
    env: { PATH: process.env['PATH'], PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  program.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const origin = new Promise<string>((resolve, reject) => {
    program.once('close', (code) => reject(new Error(`the demo ended with ${code}: ${said}`)));
    createInterface({ input: program.stdout }).on('line', (line) => {
      const { msg, address } = JSON.parse(line);
      if (msg === 'listening') resolve(address);
    });
  });
  origin.catch(() => {}); // those who end it before say so by its exit code
  return { program, said: () => said, origin: () => origin };
}
