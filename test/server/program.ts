import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { onTestFinished } from 'vitest';
import type { Line } from './setup.ts';

const root = join(import.meta.dirname, '../..');
const door = pathToFileURL(join(root, 'src/index.ts')).href;

/** A provider of `/item`, as the text of its file. */
export const provider = (origin = 'http://127.0.0.1:9') => `
import { defineUpstream, path, Type } from '${door}';
const shop = defineUpstream({ name: 'my-shop', origin: '${origin}', policies: [] });
export const getItem = shop.provider({ name: 'item', output: Type.Unknown(), request: () => ({ path: path\`/item\` }) });
`;
/** A route at `/v1/item`, likewise. */
export const route = (sources = 'const item = route.source(getItem, { input: () => null });', options = '') => `
import { defineRoute, Type } from '${door}';
import { getItem } from '../providers/shop.ts';
const route = defineRoute({ url: '/v1/item', summary: 'An item', ${options} });
${sources}
export default route.merge({ item });
`;
/** The smallest application. */
export const good = { 'providers/shop.ts': provider(), 'routes/item.ts': route() };

/** The program, started in a folder with these files. */
export interface Program {
  readonly child: ChildProcess;
  readonly lines: readonly Line[];
  readonly errors: () => string;
  /** Its exit code, null where a signal ended it; once whatever it has started is gone as well. */
  readonly ended: Promise<number | null>;
}

/** Starts it; it is killed when the test ends. */
export async function start(
  files: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
): Promise<Program> {
  const folder = await mkdtemp(join(tmpdir(), 'confluo-main-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  const child = spawn(process.execPath, [join(root, 'src/main.ts')], { cwd: folder, env: { PORT: '0', ...env } });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const lines: Line[] = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const [last = '', ...complete] = (rest + text).split('\n').reverse();
    rest = last;
    for (const line of complete.reverse()) lines.push(JSON.parse(line) as Line);
    child.emit('line');
  });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return { child, lines, errors: () => errors, ended };
}

/** The first line of the log with this message, now or later. */
export async function findLine({ child, lines, errors }: Program, msg: string): Promise<Line> {
  for (;;) {
    const found = lines.find((line) => line['msg'] === msg);
    if (found) return found;
    if (child.exitCode !== null) throw new Error(`the program ended with ${child.exitCode}: ${errors()}`);
    await Promise.race([once(child, 'line'), once(child, 'exit')]);
  }
}

/** The program, listening. */
export interface Running extends Program {
  readonly origin: string;
}

/** Starts it and waits until it listens. It does not wait before it stops, unless `CONFLUO_DRAIN_MS` is given. */
export async function startListening(
  env: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string>> = good,
): Promise<Running> {
  const program = await start(files, { CONFLUO_DRAIN_MS: '0', ...env });
  const { address } = await findLine(program, 'listening');
  return { ...program, origin: String(address) };
}
