import cluster from 'node:cluster';
import { hostname } from 'node:os';
import type { Writable } from 'node:stream';

/** Where a process's lines go; a destination for pino. */
export interface Output {
  /** Takes a line, with its end. */
  write(line: string): void;
  /** Takes what will write a line: called together with others, and before any other line is taken. */
  later(writeLine: () => void): void;
  /** Writes what waits. pino calls it behind a fatal line. */
  flushSync(): void;
  /** Writes what waits, and resolves when all of it has been taken. */
  end(): Promise<void>;
}

/** What is written at once, bytes: a write costs as much as many lines. */
const mostAtOnce = 16_384;
/** What a pipe takes as a whole (PIPE_BUF on Linux), bytes: so workers do not mix their lines while somebody reads. */
const mostOfWorker = 4_096;
/** How long a line waits for others, milliseconds. */
const waitMs = 100;
/** Lines that are made together: in a busy server one by one took nearly twice as much of the CPU (docs/performance.md). */
const mostMadeAtOnce = 32;
/** What waits for a reader that does not read, bytes; beyond it lines are lost, for the server must not wait with them. */
const mostWaiting = 8 * 1_024 * 1_024;

/**
 * Opens standard output for lines: they are written several at a time, and nobody waits for whoever reads them. A file takes them
 * at once, a pipe when it has room. What is left is written at the exit; a process that is killed takes the lines of its last tenth
 * of a second with it. Where nobody reads any more, lines are lost and nothing else; the next that can be written says how many.
 *
 * Not pino's own destination: unbuffered or in the foreground it blocks the process while a pipe is full, and in the background
 * each write goes through another thread, which costs more than the lines.
 */
export function openOutput(stream: Writable = process.stdout): Output {
  const most = cluster.isWorker ? mostOfWorker : mostAtOnce;
  let unmade: (() => void)[] = [];
  let waiting = '';
  let bytes = 0;
  let lines = 0;
  let lost = 0;
  let timer: NodeJS.Timeout | undefined;

  function make(): void {
    if (unmade.length === 0) return;
    const all = unmade;
    unmade = [];
    for (const writeLine of all) writeLine();
  }

  function flush(): void {
    make();
    clearTimeout(timer);
    timer = undefined;
    if (lines === 0) return;
    if (!stream.writable || stream.writableLength >= mostWaiting) lost += lines;
    else {
      stream.write(lost > 0 ? toLossLine(lost) + waiting : waiting);
      lost = 0;
    }
    waiting = '';
    bytes = 0;
    lines = 0;
  }

  stream.on('error', () => {}); // whoever read has gone
  process.once('exit', flush);

  return {
    write(line) {
      make();
      const length = Buffer.byteLength(line);
      if (bytes + length > most) flush();
      waiting += line;
      bytes += length;
      lines += 1;
      timer ??= setTimeout(flush, waitMs).unref();
    },
    later(writeLine) {
      timer ??= setTimeout(flush, waitMs).unref();
      if (unmade.push(writeLine) === mostMadeAtOnce) make();
    },
    flushSync: flush,
    end() {
      flush();
      return new Promise((resolve) => {
        stream.write('', () => resolve());
      });
    },
  };
}

/** What pino would write of it, as a warning. */
const toLossLine = (lost: number): string =>
  `${JSON.stringify({ level: 40, time: Date.now(), pid: process.pid, hostname: hostname(), lost, msg: 'lines were lost' })}\n`;
