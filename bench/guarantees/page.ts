import { cpus, totalmem } from 'node:os';
import type { Finding, Guarantee } from './guarantee.ts';

/** One guarantee, measured. */
export interface Line {
  readonly guarantee: Guarantee;
  readonly finding: Finding;
}

const introduction = `# Guarantees

What Confluo promises, and what came out when it was last measured. Every row is a program in \`bench/guarantees\`; \`npm run guarantees\`
runs them all and writes this page, \`npm run guarantees -- --only NAME\` runs one and renews its row. The server is a process of
its own with real sockets on loopback, and so are its upstreams, which do what \`test/faults\` can do; where the machine has two cores or more, the
server has one for itself.

What restarts behind a proxy lose is measured by \`npm run test:restarts\`; its figures are in [operations](operations.md#stopping), those of the
benchmark in [performance](performance.md).

| promise | figure to reach | last result | reached | command | taken |
| --- | --- | --- | --- | --- | --- |
`;

/** The page: new rows for what was measured now, the rows that it had for the others. */
export function toPage(guarantees: readonly Guarantee[], lines: readonly Line[], before: string): string {
  const taken = `${new Date().toISOString().slice(0, 10)}, ${toMachine()}`;
  const rows = guarantees.map((guarantee) => {
    const line = lines.find((each) => each.guarantee === guarantee);
    return line ? toRow(line, taken) : findRow(guarantee, before);
  });
  return `${introduction}${rows.join('\n')}\n`;
}

function toRow({ guarantee: { name, promise, figure }, finding }: Line, taken: string): string {
  const command = `\`npm run guarantees -- --only ${name}\``;
  const cells = [promise, figure, finding.result, finding.holds ? 'yes' : '**no**', command, taken];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
}

const findRow = ({ name, promise, figure }: Guarantee, page: string): string =>
  page.split('\n').find((line) => line.includes(`--only ${name}\``)) ??
  `| ${promise} | ${figure} | not measured yet | | \`npm run guarantees -- --only ${name}\` | |`;

const toMachine = (): string =>
  `${cpus().length} cores of ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version.slice(1)}`;
