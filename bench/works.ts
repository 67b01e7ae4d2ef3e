import { toPartNames } from './parts.ts';

/** What is asked of the servers, over and over. */
export interface Work {
  readonly path: string;
  /** The sources of the answer. */
  readonly sources: readonly string[];
  /** The source that gives no answer: the payload is partial. */
  readonly lost?: string;
  /** Whether a server is busy all the time with it, so that one which is not was disturbed. Default true. */
  readonly saturates?: boolean;
}

const page = ['catalog', 'reviews', 'stock'];

/** Three answers, embedded as they are. */
export const merge: Work = { path: '/merge/42', sources: page };

/** Three answers, parsed, checked and mapped. */
export const typed: Work = { path: '/typed/42', sources: page };

/** Three answers, of which fields are picked, renamed and hoisted. */
export const declared: Work = { path: '/declared/42', sources: page };

/** The same when the connection to one upstream is lost each time. */
export const toPartial = (work: Work): Work => ({
  ...work,
  path: work.path.replace(/42$/, 'lose-stock'),
  lost: 'stock',
});

/** The merge with upstreams that take so many milliseconds. */
export const toDelayedMerge = (delayMs: number): Work => ({
  path: `/merge/after-${delayMs}`,
  sources: page,
  saturates: false,
});

/** The merge with an upstream that never answers. */
export const hangingMerge: Work = { path: '/merge/hang-stock', sources: page, lost: 'stock', saturates: false };

/** A merge of so many parts of so many KB; with 600 KB a request, upstream and load may be what is busy. */
export const toPartsMerge = (width: number, kilobytes: number): Work => ({
  path: `/parts-${width}/${kilobytes}k`,
  sources: toPartNames(width),
  saturates: width * kilobytes < 200,
});
