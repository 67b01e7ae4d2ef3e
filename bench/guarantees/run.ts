/**
 * `npm run guarantees`: measures what Confluo promises, prints a table, and writes docs/guarantees.md.
 *
 *   --only A,B      some of them; the others keep the rows that they have
 *   --soak SECONDS  how long the upstream with random bytes goes on; 600 is the promise
 *   --seconds N     how long, for those that measure for a time; nothing is written
 *   --count N       how often, for those that measure so many times; nothing is written
 *   --smoke         whether the programs work; nothing is written
 */
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { amplification } from './amplification.ts';
import { answeredInTime } from './answered-in-time.ts';
import { clientLeaves } from './client-leaves.ts';
import { deadUpstream } from './dead-upstream.ts';
import type { Amount, Finding, Guarantee } from './guarantee.ts';
import { isolation } from './isolation.ts';
import { memory } from './memory.ts';
import { no500 } from './no-500.ts';
import { optionalSources } from './optional-sources.ts';
import { overload } from './overload.ts';
import { type Line, toPage } from './page.ts';
import { randomBytes } from './random-bytes.ts';
import { truth } from './truth.ts';

const guarantees: readonly Guarantee[] = [
  answeredInTime,
  optionalSources,
  no500,
  randomBytes,
  amplification,
  deadUpstream,
  isolation,
  overload,
  clientLeaves,
  memory,
  truth,
];
const page = new URL('../../docs/guarantees.md', import.meta.url);
const longestMs = 30 * 60_000;

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    soak: { type: 'string' },
    seconds: { type: 'string' },
    count: { type: 'string' },
    smoke: { type: 'boolean', default: false },
  },
});

async function main(): Promise<void> {
  setTimeout(() => process.exit(1), longestMs).unref();
  const lines: Line[] = [];
  for (const guarantee of toChosen(options.only)) {
    console.log(`${guarantee.promise} ...`);
    const amount = toAmount(guarantee);
    const finding = await measure(guarantee, amount);
    lines.push({ guarantee, finding });
    console.log(`  ${finding.holds ? 'holds' : 'DOES NOT HOLD'}: ${finding.result}`);
  }
  console.table(lines.map(({ guarantee, finding }) => ({ promise: guarantee.promise, ...finding })));
  if (options.smoke || options.seconds !== undefined || options.count !== undefined) {
    console.log('Another amount than that of the page: nothing is written.');
  } else {
    const before = await readFile(page, 'utf8').catch(() => '');
    await writeFile(page, toPage(guarantees, lines, before));
  }
  if (!lines.every(({ finding }) => finding.holds)) process.exitCode = 1;
}

async function measure(guarantee: Guarantee, amount: Amount): Promise<Finding> {
  try {
    return await guarantee.measure(amount);
  } catch (error) {
    return { holds: false, result: `could not be measured: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function toAmount({ name, usual, smoke }: Guarantee): Amount {
  const { seconds, count } = options.smoke ? smoke : usual;
  const soak = name === randomBytes.name ? options.soak : undefined;
  return { seconds: toNumber(soak ?? options.seconds, seconds), count: toNumber(options.count, count) };
}

function toNumber(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (!/^\d+$/.test(text) || text === '0') throw new Error(`not a number above 0: ${text}`);
  return Number(text);
}

function toChosen(only: string | undefined): readonly Guarantee[] {
  if (only === undefined) return guarantees;
  return only.split(',').map((name) => {
    const found = guarantees.find((guarantee) => guarantee.name === name);
    if (!found)
      throw new Error(`no such guarantee: ${name}; there are ${guarantees.map(({ name }) => name).join(', ')}`);
    return found;
  });
}

await main();
