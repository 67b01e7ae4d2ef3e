import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const file = 'refused.test-d.ts';
const source = await readFile(join(import.meta.dirname, file), 'utf8');
const directive = /\/\/ @ts-expect-error (.+)/;

/** Line of each refused statement, counted from 1, and what the compiler must say about it. */
const expected = source.split('\n').flatMap((text, index) => {
  const reason = directive.exec(text)?.[1];
  return reason ? [{ line: index + 2, reason }] : [];
});
const messages = await compileWithoutDirectives();

describe('the compiler refuses, for the reason written there,', () => {
  test.each(expected)('line $line: $reason', ({ line, reason }) => {
    expect(messages.get(line)).toContain(reason);
  });

  test('nothing else', () => {
    expect([...messages.keys()]).toEqual(expected.map(({ line }) => line));
  });
});

/** What the compiler says about a copy that does not expect errors, by line. */
async function compileWithoutDirectives(): Promise<ReadonlyMap<number, string>> {
  // As deep below the root as the original, so that its imports lead to the same files.
  const folder = await mkdtemp(join(root, 'node_modules/.refused-'));
  try {
    await writeFile(join(folder, file), source.replaceAll('@ts-expect-error', 'refused:'));
    const config = { extends: '../../tsconfig.json', compilerOptions: { rootDir: root }, files: [file], include: [] };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
    return toMessages(await runCompiler(folder));
  } finally {
    await rm(folder, { recursive: true });
  }
}

function runCompiler(folder: string): Promise<string> {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  return new Promise((resolve) => {
    // It exits with an error, because it finds some.
    execFile(process.execPath, [compiler, '--pretty', 'false', '-p', folder], (_error, stdout) => resolve(stdout));
  });
}

function toMessages(output: string): ReadonlyMap<number, string> {
  const byLine = new Map<number, string>();
  // Details of an error are indented below it.
  for (const error of output.split(/\n(?=\S)/)) {
    const [, line] = /refused\.test-d\.ts\((\d+),/.exec(error) ?? [];
    if (line) byLine.set(Number(line), `${byLine.get(Number(line)) ?? ''}${error}\n`);
  }
  return byLine;
}
