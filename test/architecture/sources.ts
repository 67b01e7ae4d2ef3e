import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A source file of this repository. Paths are relative to its root, with forward slashes. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  /** The text with comments blanked out; lines keep their numbers. */
  readonly code: string;
}

const root = join(import.meta.dirname, '../..');

/** All TypeScript files of the folders, the folder's subfolders included. */
export const readSources = (...folders: readonly string[]): readonly SourceFile[] =>
  folders.flatMap((folder) => listFiles(folder, /\.ts$/)).map(readSource);

/** Paths of the folder's files, its subfolders included, whose name matches. */
export function listFiles(folder: string, name: RegExp): readonly string[] {
  const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && name.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
}

/** Reads one file of this repository. */
export function readSource(path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8');
  return { path, text, code: blankComments(text) };
}

/**
 * What a file imports, statically or not, types included: paths inside the repository are relative to its root, everything
 * else is as written.
 */
export function importsOf({ path, code }: SourceFile): readonly string[] {
  const specifiers = code.matchAll(/\bfrom\s*'([^']+)'|\bimport\s*\(?\s*'([^']+)'/g);
  return [...specifiers].map(([, from, direct]) => {
    const specifier = from ?? direct ?? '';
    return specifier.startsWith('.') ? join(dirname(path), specifier) : specifier;
  });
}

/** Every line of the file's code that matches, as `path:line`. */
export const findLines = ({ path, code }: SourceFile, pattern: RegExp): readonly string[] =>
  code.split('\n').flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}`] : []));

// Good enough for formatted code: a block comment starts its line, a line comment follows a space.
const blankComments = (text: string): string =>
  text.replace(/^\s*\/\*[\s\S]*?\*\//gm, blank).replace(/(?<=^|\s)\/\/.*$/gm, blank);

const blank = (comment: string): string => comment.replace(/[^\n]/g, ' ');
