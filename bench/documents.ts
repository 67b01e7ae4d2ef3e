/** What a run found out, as text. */
import { readFile, writeFile } from 'node:fs/promises';
import type { BenchResult, Section } from './result.ts';
import { toTable } from './table.ts';
import { toLine } from './verdict.ts';

/** A section as Markdown that reads well in a terminal too. */
export function toText({ title, columns, rows, verdicts, notes }: Section): string {
  const remarks = [...verdicts.map(toLine), ...notes].map((remark) => `- ${remark}`);
  return [`**${title}**`, toTable(columns, rows), remarks.join('\n')].join('\n\n');
}

/** Puts the sections into a Markdown file, wherever it has a place for them. */
export async function writeTables(result: BenchResult, file: string): Promise<void> {
  await writeFile(file, fillPlaces(await readFile(file, 'utf8'), result));
}

/** Replaces what stands between `<!-- bench:NAME -->` and `<!-- /bench:NAME -->`; places of other sections keep what they have. */
export function fillPlaces(page: string, { sections, takenAt, node, processor }: BenchResult): string {
  return sections.reduce((text, section) => {
    const place = new RegExp(`(<!-- bench:${section.name} -->\\n)[^]*?(<!-- /bench:${section.name} -->)`);
    const facts = `Taken on ${takenAt.slice(0, 10)}, ${processor}, Node ${node.slice(1)}.`;
    const chart = `![${section.title}](charts/bench-${section.name}.svg)`;
    return text.replace(
      place,
      (_whole, open: string, close: string) => `${open}\n${toText(section)}\n- ${facts}\n\n${chart}\n\n${close}`,
    );
  }, page);
}
