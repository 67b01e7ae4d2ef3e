/** Charts of a run's result. `node bench/chart.ts RESULT.json FOLDER` draws those of an earlier run. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bar, BenchResult, Machine, Section } from './result.ts';

/** Writes one chart a section into the folder, named after it. */
export async function writeCharts(result: BenchResult, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const section of result.sections)
    await writeFile(join(folder, `bench-${section.name}.svg`), toChart(section, result));
}

const width = 720;
const barHeight = 26;
const rowHeight = 40;
const labelWidth = 190;
const noteWidth = 150;
const headHeight = 64;

/** Horizontal bars: shorter is better. Readable on a light and on a dark page. */
export function toChart({ title, measure, bars }: Section, { node, processor }: Machine): string {
  const longest = Math.max(...bars.map(({ value }) => value));
  const height = headHeight + bars.length * rowHeight + 34;
  const foot = `${measure}. Node ${node}, ${processor}.`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${toXml(title)}">`,
    '<style>',
    'text { font: 14px system-ui, sans-serif; fill: #1f2933; } .title { font-weight: 600; }',
    '.foot { font-size: 11px; fill: #64707d; } .bar { fill: #9aa5b1; } .ours { fill: #0b7a75; } .page { fill: #ffffff; }',
    '@media (prefers-color-scheme: dark) { text { fill: #e4e7eb; } .foot { fill: #9aa5b1; } .bar { fill: #52606d; }',
    '.ours { fill: #2cb1a8; } .page { fill: #14181d; } }',
    '</style>',
    `<rect class="page" width="${width}" height="${height}" rx="8"/>`,
    `<text class="title" x="20" y="34">${toXml(title)}</text>`,
    ...bars.map((bar, index) => toBar(bar, headHeight + index * rowHeight, longest)),
    `<text class="foot" x="20" y="${height - 14}">${toXml(foot)}</text>`,
    '</svg>',
    '',
  ].join('\n');
}

function toBar({ label, value, note }: Bar, y: number, longest: number): string {
  const length = Math.max(2, Math.round((value / longest) * (width - labelWidth - noteWidth)));
  const middle = y + barHeight / 2 + 5;
  const kind = label.includes('(c)') ? 'bar ours' : 'bar';
  return [
    `<text x="20" y="${middle}">${toXml(label)}</text>`,
    `<rect class="${kind}" x="${labelWidth}" y="${y}" width="${length}" height="${barHeight}" rx="4"/>`,
    `<text x="${labelWidth + length + 10}" y="${middle}">${toXml(note)}</text>`,
  ].join('');
}

const toXml = (text: string): string => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

if (import.meta.main) {
  const [file = '', folder = '.'] = process.argv.slice(2);
  const result = JSON.parse(await readFile(file, 'utf8')) as BenchResult; // `npm run bench -- --json` wrote it
  await writeCharts(result, folder);
}
