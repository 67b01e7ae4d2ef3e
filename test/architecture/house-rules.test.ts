import { describe, expect, it } from 'vitest';
import { findLines, listFiles, readSource, readSources, type SourceFile } from './sources.ts';

const product = readSources('src', 'providers', 'routes');
const program = [...product, ...readSources('demo', 'bench', 'scripts')];
const tests = readSources('test');

const find = (sources: readonly SourceFile[], pattern: RegExp) =>
  sources.flatMap((source) => findLines(source, pattern));

const longerThan = (sources: readonly SourceFile[], limit: number) =>
  sources.map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 })).filter(({ lines }) => lines > limit);

describe('house rules', () => {
  it('a file has at most 250 lines, a test at most 400', () => {
    expect(longerThan(program, 250)).toEqual([]);
    expect(longerThan(tests, 400)).toEqual([]);
  });

  it('a class is an error', () => {
    expect(find(program, /^\s*(export )?(default )?(abstract )?class (?!\w+ extends \w*Error\b)/)).toEqual([]);
  });

  it('a default export is a route, and a route is a default export', () => {
    const withDefault = program.filter(({ code }) => /^export default\b/m.test(code)).map(({ path }) => path);
    expect(withDefault).toEqual(listFiles('routes', /\.ts$/));
  });

  it('an exported thing says what it is', () => {
    expect(readSources('src').flatMap(findUndocumented)).toEqual([]);
  });

  it('a cast says what makes it true, and does not go through unknown', () => {
    expect(program.flatMap(findSilentCasts)).toEqual([]);
    expect(find([...program, ...tests], /\bas unknown as\b/)).toEqual([]);
  });

  it('no test is left out or runs alone', () => {
    expect(find(tests, /\b(it|test|describe)(\.\w+)*\.(only|skip|todo|fails)\b/)).toEqual([]);
  });

  it('no file names a folder of one machine', () => {
    const rootFiles = listFiles('.ci', /^/).concat(['README.md', 'Dockerfile', 'package.json', 'package-lock.json']);
    const files = [...program, ...tests, ...rootFiles.map(readSource), ...listFiles('docs', /\.md$/).map(readSource)];
    const pattern = /(?<![\w/.}])\/(home|root|work|tmp|Users)\//;
    expect(files.flatMap(({ path, text }) => findLines({ path, text, code: text }, pattern))).toEqual([]);
  });
});

/** Exported declarations without a docstring right above. Overloads share the first one's. */
function findUndocumented({ path, text }: SourceFile): readonly string[] {
  const lines = text.split('\n');
  return lines.flatMap((line, index) => {
    const name = /^export (?:async )?(?:const|function|interface|type|class) (\w+)/.exec(line)?.[1];
    if (!name) return [];
    const isOverload = lines.slice(0, index).some((earlier) => earlier.startsWith(`export function ${name}`));
    return isOverload || lines[index - 1]?.trimEnd().endsWith('*/') ? [] : [`${path}:${index + 1}`];
  });
}

/** Casts without a comment on the line or in the two above; casts in neighbouring lines share one. */
function findSilentCasts({ path, text, code }: SourceFile): readonly string[] {
  const lines = text.split('\n');
  let explained = Number.NEGATIVE_INFINITY;
  return code.split('\n').flatMap((line, index) => {
    if (/\/\/|\*\//.test(lines[index] ?? '')) explained = index;
    if (!isCast(line)) return [];
    if (explained < index - 2) return [`${path}:${index + 1}`];
    explained = index;
    return [];
  });
}

const isCast = (line: string): boolean =>
  /\bas (?!const\b)[\w({[]/.test(withoutStrings(line)) && !/^\s*(import|export) .*from/.test(line);

const withoutStrings = (line: string): string => line.replace(/'[^']*'|`[^`]*`|"[^"]*"/g, "''");
