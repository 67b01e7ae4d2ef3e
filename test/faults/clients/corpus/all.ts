import { framingRows } from './framing.ts';
import { headerRows } from './headers.ts';
import { hostRows } from './host.ts';
import { methodRows } from './methods.ts';
import { parameterRows } from './parameters.ts';
import { queryRows } from './query.ts';
import type { CorpusRow } from './row.ts';
import { targetRows } from './targets.ts';

/** Every raw request, by group. */
export const corpus: Readonly<Record<string, readonly CorpusRow[]>> = {
  framing: framingRows,
  host: hostRows,
  targets: targetRows,
  methods: methodRows,
  parameters: parameterRows,
  headers: headerRows,
  query: queryRows,
};
