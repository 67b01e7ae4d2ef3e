import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** One answer, as it was on the wire. */
export interface RawAnswer {
  readonly status: number;
  /** By lower-case name; the last of a name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

export interface RawOptions {
  /** Where the connection comes from. */
  readonly localAddress?: string;
  /** No answer has a body: all requests are HEAD. */
  readonly isHead?: boolean;
  /** Milliseconds until waiting for anything gives up. Default 3,000. */
  readonly patienceMs?: number;
}

/** A bare connection: any bytes go out, and answers are taken apart as they come in. */
export interface RawClient {
  readonly socket: Socket;
  /** Everything that is a whole answer so far. 1xx are left out. */
  readonly answers: readonly RawAnswer[];
  /** Bytes that are no whole answer. */
  readonly rest: () => string;
  readonly isClosed: () => boolean;
  /** How many interim answers there were. */
  readonly interims: () => number;
  send(bytes: string): void;
  /** Resolves with true as soon as there are so many answers; with false when the connection or the patience ends before. */
  answered(count: number): Promise<boolean>;
  /** Resolves with true when the server closes; with false when the patience ends before. */
  closed(): Promise<boolean>;
  end(): void;
}

/** Opens a bare connection. Never rejects for what the server does to it. */
export async function openRaw(port: number, options: RawOptions = {}): Promise<RawClient> {
  const { localAddress = '127.0.0.1', isHead = false, patienceMs = 3_000 } = options;
  const socket = connect({ port, host: '127.0.0.1', localAddress, allowHalfOpen: true }).setEncoding('latin1');
  const answers: RawAnswer[] = [];
  let rest = '';
  let interims = 0;
  let isClosed = false;
  let wake = () => {};
  const close = () => {
    isClosed = true;
    socket.destroy();
    wake();
  };
  socket.on('data', (chunk: string) => {
    rest += chunk;
    for (let taken = takeAnswer(rest, isHead); taken; taken = takeAnswer(rest, isHead)) {
      rest = taken.rest;
      if (taken.answer.status < 200) interims += 1;
      else answers.push(taken.answer);
    }
    wake();
  });
  socket.on('error', close).on('end', close).on('close', close);

  async function until(isDone: () => boolean): Promise<boolean> {
    const givesUpAt = performance.now() + patienceMs;
    while (!isDone() && !isClosed && performance.now() < givesUpAt) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, givesUpAt - performance.now());
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return isDone();
  }

  await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => {});
  return {
    socket,
    answers,
    rest: () => rest,
    isClosed: () => isClosed,
    interims: () => interims,
    send: (bytes) => void (isClosed || socket.write(bytes, 'latin1')),
    answered: (count) => until(() => answers.length >= count),
    closed: () => until(() => isClosed),
    end: () => void socket.destroy(),
  };
}

/** What came out of some bytes on a connection of their own. */
export interface Exchange {
  readonly answers: readonly RawAnswer[];
  /** Whether the same connection answered one more request, or was closed. */
  readonly after: 'open' | 'closed' | 'neither';
  readonly rest: string;
}

/**
 * Sends bytes (pieces with a moment between them), waits for so many answers, and finds out what became of the connection: asks
 * `probe` on it where it should be open, and waits for its end where it should be closed.
 */
export async function exchange(
  port: number,
  bytes: string | readonly string[],
  expected: { readonly answers: number; readonly after: 'open' | 'closed' },
  { probe, ...options }: RawOptions & { readonly probe: string },
): Promise<Exchange> {
  const client = await openRaw(port, options);
  for (const [index, piece] of [bytes].flat().entries()) {
    if (index > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    client.send(piece);
  }
  await client.answered(expected.answers);
  const after = await (expected.after === 'open' ? isOpen(client, probe) : isEnded(client));
  client.end();
  const answers = after === 'open' ? client.answers.slice(0, -1) : client.answers;
  return { answers, after, rest: client.rest() };
}

async function isOpen(client: RawClient, probe: string): Promise<Exchange['after']> {
  const before = client.answers.length;
  client.send(probe);
  const isAnswered = await client.answered(before + 1);
  if (isAnswered && client.answers.at(-1)?.status === 200 && !client.isClosed()) return 'open';
  return client.isClosed() ? 'closed' : 'neither';
}

const isEnded = async (client: RawClient): Promise<Exchange['after']> =>
  (await client.closed()) ? 'closed' : 'neither';

function takeAnswer(text: string, isHead: boolean): { readonly answer: RawAnswer; readonly rest: string } | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const [statusLine = '', ...fields] = text.slice(0, end).split('\r\n');
  const status = Number(/^HTTP\/1\.[01] (\d{3}) /.exec(`${statusLine} `)?.[1]);
  const headers = Object.fromEntries(fields.map(toField));
  const rest = text.slice(end + 4);
  if (isHead || status < 200 || status === 204 || status === 304)
    return { answer: { status, headers, body: '' }, rest };
  if (headers['transfer-encoding'] === 'chunked') {
    const last = /(?:^|\r\n)0\r\n\r\n/.exec(rest);
    if (!last) return undefined;
    const length = last.index + last[0].length;
    return { answer: { status, headers, body: rest.slice(0, length) }, rest: rest.slice(length) };
  }
  const length = Number(headers['content-length'] ?? 0);
  if (rest.length < length) return undefined;
  return { answer: { status, headers, body: rest.slice(0, length) }, rest: rest.slice(length) };
}

const toField = (line: string): readonly [string, string] => {
  const colon = line.indexOf(':');
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
};
