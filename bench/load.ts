/** The load: so many connections, each sends its next request when the last answer is whole (a closed loop). */
import { connect, type Socket } from 'node:net';
import { answerQuestions } from './child.ts';
import { createHistogram } from './histogram.ts';
import { readCpu } from './measure.ts';

/** Where the load goes. */
export interface Target {
  readonly port: number;
  readonly path: string;
  readonly connections: number;
}

/** What the clients saw since `mark`. */
export interface LoadFigures {
  /** Answers with status 200. */
  readonly answers: number;
  /** Answers with any other status, and connections lost. */
  readonly errors: number;
  /** The same by status; connections are `lost`. */
  readonly errorsBy: Readonly<Record<string, number>>;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const open = new Set<Socket>();
let whenIdle: (() => void) | undefined;
let histogram = createHistogram();
let errors = 0;
let errorsBy: Record<string, number> = {};

const questions = {
  start: (target: Target): void => {
    for (let i = 0; i < target.connections; i += 1) open.add(openConnection(target));
  },
  /** Forgets what was counted so far. */
  mark: (): void => {
    histogram = createHistogram();
    errors = 0;
    errorsBy = {};
  },
  take: (): LoadFigures => ({
    answers: histogram.count,
    errors,
    errorsBy,
    p50Ms: histogram.percentile(0.5),
    p99Ms: histogram.percentile(0.99),
  }),
  cpu: readCpu,
  /** Sends nothing more, and ends when the last answer is there: no server is left with work that nobody wants. */
  stop: (): Promise<void> =>
    new Promise((resolve) => {
      whenIdle = resolve;
      closeWhenIdle();
    }),
};

export type LoadQuestions = typeof questions;
answerQuestions(questions);

function openConnection({ port, path }: Target): Socket {
  const request = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: application/json\r\n\r\n`);
  const buffer = Buffer.allocUnsafe(65_536);
  let rest = '';
  let left = 0;
  let status = '';
  let sentAt = 0;

  const socket = connect({ port, host: '127.0.0.1', noDelay: true, onread: { buffer, callback: onBytes } }, send);
  socket.on('error', onLost);
  socket.on('end', onLost);
  return socket;

  function send(): void {
    sentAt = performance.now();
    socket.write(request);
  }

  function onBytes(size: number): boolean {
    if (left > 0) left -= size;
    else if (!readHead(size)) return true;
    if (left === 0) onAnswer();
    return true;
  }

  /** Reads status and length, once the head is whole. */
  function readHead(size: number): boolean {
    const text = rest + buffer.toString('latin1', 0, size);
    const end = text.indexOf('\r\n\r\n');
    rest = end < 0 ? text : '';
    if (end < 0) return false;
    const head = text.slice(0, end);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length === undefined) throw new Error('an answer without Content-Length');
    status = head.slice(9, 12);
    left = end + 4 + Number(length) - text.length;
    return true;
  }

  function onAnswer(): void {
    if (status === '200') histogram.record(performance.now() - sentAt);
    else addError(status);
    if (whenIdle) close();
    else send();
  }

  function onLost(): void {
    if (open.has(socket)) addError('lost');
    close();
  }

  function close(): void {
    open.delete(socket);
    socket.destroy();
    closeWhenIdle();
  }
}

function addError(kind: string): void {
  errors += 1;
  errorsBy[kind] = (errorsBy[kind] ?? 0) + 1;
}

function closeWhenIdle(): void {
  if (open.size > 0 || !whenIdle) return;
  whenIdle();
  whenIdle = undefined;
}
