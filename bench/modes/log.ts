import type { RunningServer } from '../servers.ts';
import { type Row, toRange } from '../table.ts';
import type { Verdict } from '../verdict.ts';
import { merge } from '../works.ts';
import { type Mode, toCautions, toFine, toSittings } from './mode.ts';

/** What one thing costs: the server that has it beside the one that has not. */
interface Cost {
  readonly thing: string;
  readonly without: Row;
  readonly with: Row;
  /** The share of the cost without it that it may add. */
  readonly limit: number;
}

/** What is started, always all of it: each is what another is compared with. */
const started = ['undici', 'confluo-log', 'confluo-bare'] as const;
/** What is measured: the process with a log twice, while it writes lines and while it does not. */
const compared = ['undici', 'confluo', 'confluo-log', 'confluo-bare'] as const;

/** The request log and the policies, on against off. */
export const logMode: Mode = {
  names: started,
  run: async ({ session, pace, smoke }) => {
    const fine = toSittings(smoke ? pace : toFine(pace));
    const comparison = await session.compareAnew(started, merge, fine, arrange);
    const besideUsual = comparison.toRows('confluo');
    const besideBare = comparison.toRows('confluo-bare');
    const costs: readonly Cost[] = [
      { thing: 'request log', without: at(besideUsual, 'confluo'), with: at(besideUsual, 'confluo-log'), limit: 0.08 },
      { thing: 'policies', without: at(besideBare, 'confluo-bare'), with: at(besideBare, 'confluo'), limit: 0.1 },
    ];
    const rows = comparison.toRows();
    return {
      title: 'What each thing costs',
      columns: ['thing', 'without, µs', 'with, µs', 'costs', 'with of without', 'limit', 'with, of (b)'],
      rows: costs.map((cost, index) => toCells(cost, at(rows, index === 0 ? 'confluo-log' : 'confluo'))),
      measure: 'CPU time of the server process per request',
      bars: costs.flatMap(({ thing, without, with: having }) => [
        { label: `without ${thing}`, value: toMicros(without), note: `${toMicros(without).toFixed(0)} µs` },
        { label: `(c) with ${thing}`, value: toMicros(having), note: `${toMicros(having).toFixed(0)} µs` },
      ]),
      verdicts: costs.map(judge),
      notes: ['The merge of three answers; ratios pair the windows of a round.', ...toCautions(rows, comparison)],
    };
  },
};

/** A few percent are less than two processes of one program differ by, so one has to show both what it costs with lines and without. */
async function arrange(servers: readonly RunningServer[]): Promise<readonly RunningServer[]> {
  const [byHand, logging, bare] = servers;
  if (!byHand || !logging?.child || !bare) throw new RangeError('not all servers were started');
  const { child } = logging;
  return [
    byHand,
    { ...logging, name: 'confluo', prepare: () => child.ask('setLevel', 'silent') },
    { ...logging, prepare: () => child.ask('setLevel', 'info') },
    bare,
  ];
}

function at(rows: readonly Row[], name: (typeof compared)[number]): Row {
  const row = rows[compared.indexOf(name)];
  if (!row) throw new RangeError(`no row of ${name}`);
  return row;
}

const toMicros = ({ figures }: Row): number => figures.cpuMicrosPerRequest;
const toPercent = (share: number): string => `${(100 * share).toFixed(0)} %`;

const toCells = ({ without, with: having, thing, limit }: Cost, besideBaseline: Row): readonly string[] => [
  thing,
  toMicros(without).toFixed(0),
  toMicros(having).toFixed(0),
  toPercent(having.figures.ratio - 1),
  toRange(having.figures.ratioRange),
  toPercent(limit),
  besideBaseline.figures.ratio.toFixed(2),
];

const judge = ({ thing, with: having, limit }: Cost): Verdict => ({
  holds: having.figures.ratio - 1 <= limit,
  claim: `${thing} costs at most ${toPercent(limit)}`,
  found: toPercent(having.figures.ratio - 1),
});
