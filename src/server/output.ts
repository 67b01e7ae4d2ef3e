import { pino } from 'pino';

/** Lines of a process, on their way to its standard output. */
export type Output = ReturnType<typeof pino.destination>;

/** What is written at once, bytes: at most what a pipe takes as a whole (PIPE_BUF on Linux), so that workers never mix their lines. */
const leastBytes = 3_072;
const mostWriteBytes = 4_096;
/** How long a line waits for others, milliseconds. */
const waitMs = 100;
/** What waits for a reader that does not read, bytes; beyond it lines are dropped, for the server must not wait with them. */
const mostBytes = 8 * 1_024 * 1_024;

/**
 * Opens standard output. Lines are written in the background, several at a time: a write for each takes a tenth of what a request
 * does, and waits for whoever reads. What is left is written at the exit and with a fatal line; a process that is killed takes the
 * lines of its last tenth of a second with it.
 */
export const openOutput = (): Output =>
  pino.destination({
    dest: 1,
    sync: false,
    minLength: leastBytes,
    maxWrite: mostWriteBytes,
    maxLength: mostBytes,
    periodicFlush: waitMs,
  });
