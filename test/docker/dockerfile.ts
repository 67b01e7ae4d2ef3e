import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';

/** One instruction of a Dockerfile: its keyword in upper case, and the rest of its line. */
export interface Instruction {
  readonly keyword: string;
  readonly rest: string;
}

/** A stage of a Dockerfile. */
export interface Stage {
  readonly image: string;
  readonly name: string;
  readonly instructions: readonly Instruction[];
}

/** Reads a Dockerfile: comments, continued lines, stages. */
export function parseDockerfile(text: string): readonly Stage[] {
  const lines = text
    .replace(/^\s*#.*\n/gm, '')
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const stages: { image: string; name: string; instructions: Instruction[] }[] = [];
  for (const line of lines) {
    const [, keyword = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
    if (keyword.toUpperCase() === 'FROM') {
      const [image = '', , name = String(stages.length)] = rest.split(/\s+/);
      stages.push({ image, name, instructions: [] });
      continue;
    }
    const stage = stages.at(-1);
    if (!stage) throw new Error(`before the first FROM: ${line}`);
    stage.instructions.push({ keyword: keyword.toUpperCase(), rest });
  }
  return stages;
}

/** The variables of `ENV A=b C=d`. */
export const parseEnv = (rest: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    rest.split(/\s+/).map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );

/** The words of an exec form, `["node", "main.js"]`. The shell form throws: signals would not reach the program. */
export function parseExec(rest: string): readonly string[] {
  const words: unknown = JSON.parse(rest);
  if (!Array.isArray(words) || !words.every((word) => typeof word === 'string')) throw new Error(`not words: ${rest}`);
  return words;
}

/** Sources, destination and `--from` of a COPY. */
export function parseCopy(rest: string) {
  const words = rest.split(/\s+/);
  const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length);
  const paths = words.filter((word) => !word.startsWith('--'));
  return { from, sources: paths.slice(0, -1), destination: paths.at(-1) ?? '.' };
}

/** The files of the build context: those of the folder that `.dockerignore` lets through. */
export function listContext(folder: string): readonly string[] {
  const rules = readFileSync(join(folder, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => ({ isException: line.startsWith('!'), pattern: line.replace(/^!/, '') }));

  // The last rule that matches the path or a folder above it decides.
  const isIgnored = (path: string) => {
    const ancestors = path.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/'));
    const rule = rules.findLast(({ pattern }) => ancestors.some((ancestor) => matchesGlob(ancestor, pattern)));
    return rule !== undefined && !rule.isException;
  };

  const list = (path: string): readonly string[] => {
    const isFolder = statSync(join(folder, path)).isDirectory();
    return isFolder ? readdirSync(join(folder, path)).flatMap((name) => list(`${path}/${name}`)) : [path];
  };
  // Folders of packages and history are never part of it, and long to walk.
  const top = readdirSync(folder).filter((name) => name !== 'node_modules' && name !== '.git');
  return top.flatMap(list).filter((path) => !isIgnored(path));
}
