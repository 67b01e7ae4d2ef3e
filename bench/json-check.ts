// What the check of a JSON body costs, beside JSON.parse used as one. `node bench/json-check.ts [FILE...]` measures the
// bodies of the benchmark, or the given documents. Read ratios: the clock of a machine is not constant.
import { readFileSync } from 'node:fs';
import { checkJson } from '../src/json/check.ts';
import { checkInScript } from '../src/json/check-script.ts';
import { defaultJsonLimits } from '../src/json/verdict.ts';
import { createBodies } from './bodies.ts';

type Run = (body: Buffer) => unknown;

/** The first is what the others are compared with. */
const contenders: readonly (readonly [name: string, run: Run])[] = [
  ['JSON.parse', (body): unknown => JSON.parse(body.toString())],
  ['JavaScript', (body) => checkInScript(body, defaultJsonLimits)],
  ['checkJson', (body) => checkJson(body)],
];

const windows = 60;
const windowMicros = 3000;

function readDocuments(files: readonly string[]): readonly (readonly [name: string, body: Buffer])[] {
  if (files.length > 0) return files.map((file) => [file, readFileSync(file)]);
  const { stock, reviews, catalog } = createBodies();
  const large = `[${Array.from({ length: 12 }, () => catalog).join(',')}]`;
  return [stock, reviews, catalog, large].map((text) => [`${Math.round(text.length / 1024)} KB`, Buffer.from(text)]);
}

/** CPU time of one run in microseconds, all threads, the mean of `times`: others on the machine do not count. */
function time(run: Run, body: Buffer, times: number): number {
  const before = process.cpuUsage();
  for (let i = 0; i < times; i += 1) run(body);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / times;
}

/** Medians of short windows that take turns, so that all contenders see the same moods of the machine. */
function measure(body: Buffer): readonly number[] {
  const times = contenders.map(([, run]) => {
    time(run, body, Math.ceil(5e6 / body.length)); // compiled by now
    return Math.ceil(windowMicros / Math.max(1, time(run, body, 20)));
  });
  const rounds = Array.from({ length: windows }, () =>
    contenders.map(([, run], index) => time(run, body, times[index] ?? 1)),
  );
  return contenders.map((_, index) => median(rounds.map((round) => round[index] ?? 0)));
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

function toRow(name: string, body: Buffer): Readonly<Record<string, string | number>> {
  const micros = measure(body);
  const cells = contenders.map(([contender], index) => {
    const value = micros[index] ?? 0;
    return [`${contender}, CPU µs`, `${value.toFixed(2)} (${((micros[0] ?? 0) / value).toFixed(1)}x)`] as const;
  });
  return { document: name, bytes: body.length, ...Object.fromEntries(cells) };
}

const documents = readDocuments(process.argv.slice(2));
for (const [name, body] of documents) {
  const verdict = checkJson(body);
  if (verdict !== 'ok') throw new Error(`${name}: ${verdict}`);
}
console.table(documents.map(([name, body]) => toRow(name, body)));
