import { type Logger, pino } from 'pino';
import type { Output } from './output.ts';

/** What a log can do that makes its lines several at a time. */
export interface Later {
  /** Has a line at level `info` made soon, with the time of now. What is given must not change any more. */
  later(fields: object, message: string): void;
}

/** Opens the log of a process: pino's lines, from `level` on. */
export function openLog(level: string, output: Output): Logger & Later {
  let time: number | undefined;
  const log = pino({ level, timestamp: () => `,"time":${time ?? Date.now()}` }, output);
  return Object.assign(log, {
    later(fields: object, message: string) {
      const then = Date.now();
      output.later(() => {
        time = then;
        log.info(fields, message);
        time = undefined;
      });
    },
  });
}
