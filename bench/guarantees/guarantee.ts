/** How long or how often something is measured; a guarantee may need only one of the two. */
export interface Amount {
  readonly seconds: number;
  readonly count: number;
}

/** What came out of one measurement. */
export interface Finding {
  /** Whether the figure was reached. */
  readonly holds: boolean;
  /** What was measured, in words. */
  readonly result: string;
}

/** Something Confluo promises, and the program that proves it. */
export interface Guarantee {
  /** For the command line. */
  readonly name: string;
  readonly promise: string;
  /** The figure to reach. */
  readonly figure: string;
  /** What a full run takes. */
  readonly usual: Amount;
  /** What shows that the program works; its result means nothing. */
  readonly smoke: Amount;
  /** Rejects when it could not be measured. */
  readonly measure: (amount: Amount) => Promise<Finding>;
}

/** One decimal: no figure here is more exact. */
export const toMs = (ms: number): string => `${ms.toFixed(1)} ms`;

/** 1234567 as 1,234,567. */
export const toCount = (count: number): string => count.toLocaleString('en');
