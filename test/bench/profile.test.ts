import { expect, test } from 'vitest';
import { summarise } from '../../bench/profile.ts';

const frame = (functionName: string, url: string, lineNumber = 9) => ({
  functionName,
  url,
  lineNumber,
  columnNumber: 0,
  scriptId: '1',
});
const here = new URL('../../src/engine/decode.ts', import.meta.url).href;
const profile = {
  nodes: [
    { id: 1, callFrame: frame('(idle)', '') },
    { id: 2, callFrame: frame('parse', here) },
    { id: 3, callFrame: frame('check', here, 19) },
    { id: 4, callFrame: frame('writev', '') },
    { id: 5, callFrame: frame('rare', 'node:net') },
  ],
  startTime: 0,
  endTime: 1,
  samples: [1, 2, 3, 4, 2, 5],
  timeDeltas: [5_000, 300, 200, 396, 100, 4],
};

test('self time is summed by file and by function, without idle time', () => {
  const { files, functions } = summarise(profile);
  expect(files).toEqual([
    { place: 'src/engine/decode.ts', share: 0.6 },
    { place: 'writev', share: 0.396 },
  ]);
  expect(functions.map(({ place }) => place)).toEqual([
    'parse src/engine/decode.ts:10',
    'writev',
    'check src/engine/decode.ts:20',
  ]);
});
