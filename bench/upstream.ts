/**
 * The upstreams: one process, one port for each, answers made once. A request is looked up by its target and nothing else
 * of it is read, so that the simulator costs as little as Node can. A target is what is asked for and an id: `/catalog/42` is
 * answered at once, `/catalog/after-5` after 5 ms, `/catalog/hang-catalog` never, `/part/20k` with 20 KB, anything else with 404.
 * `/catalog/lose-catalog` loses its connection.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createBodies, createPart, type UpstreamName, upstreamNames } from './bodies.ts';
import { answerQuestions } from './child.ts';
import { readCpu } from './measure.ts';
import { widths } from './parts.ts';

/** Where the upstreams listen. */
export interface Origins extends Readonly<Record<UpstreamName, string>> {
  /** Of the merges of equal parts, as many as the widest has. */
  readonly parts: readonly string[];
}

/** What is sent, and when. */
interface Answer {
  /** Undefined: the connection is lost instead. */
  readonly bytes: Buffer | undefined;
  /** Milliseconds; infinite is never. */
  readonly delayMs: number;
}

const headEnd = '\r\n\r\n';
const bodies = new Map<string, string>(Object.entries(createBodies()));
/** Answers by target, made when they are first asked for. */
const answers = new Map<string, Answer>();
let requests = 0;

const questions = {
  /** Opens the ports and tells the origins. */
  listen: async (): Promise<Origins> => {
    const [catalog = '', reviews = '', stock = ''] = await Promise.all(upstreamNames.map(listen));
    return { catalog, reviews, stock, parts: await Promise.all(Array.from({ length: Math.max(...widths) }, listen)) };
  },
  usage: () => ({ ...readCpu(), requests }),
};

export type UpstreamQuestions = typeof questions;
answerQuestions(questions);

function listen(): Promise<string> {
  const server = createServer({ noDelay: true }, onConnection);
  return new Promise((resolve) => {
    server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, () => {
      const { port } = server.address() as AddressInfo; // it listens on TCP
      resolve(`http://127.0.0.1:${port}`);
    });
  });
}

function onConnection(socket: Socket): void {
  let rest = '';
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    const text = rest + chunk.toString('latin1');
    let start = 0;
    for (let end = text.indexOf(headEnd); end >= 0; end = text.indexOf(headEnd, start)) {
      answer(socket, text.slice(text.indexOf(' ', start) + 1, text.indexOf(' HTTP/1.', start)));
      start = end + headEnd.length;
    }
    rest = start === text.length ? '' : text.slice(start);
  });
}

function answer(socket: Socket, target: string): void {
  requests += 1;
  const { bytes, delayMs } = answers.get(target) ?? remember(target);
  if (!bytes) socket.resetAndDestroy();
  else if (delayMs === 0) socket.write(bytes);
  else if (Number.isFinite(delayMs)) setTimeout(() => socket.writable && socket.write(bytes), delayMs);
}

function remember(target: string): Answer {
  const made = toAnswer(target);
  answers.set(target, made);
  return made;
}

function toAnswer(target: string): Answer {
  const [, name = '', id = ''] = target.split('/');
  const kilobytes = /^(\d+)k$/.exec(id)?.[1];
  const body = name === 'part' && kilobytes ? createPart(1_024 * Number(kilobytes)) : bodies.get(name);
  if (body === undefined) return { bytes: toBytes('404 Not Found', '{"error":"no such thing"}'), delayMs: 0 };
  if (id === `lose-${name}`) return { bytes: undefined, delayMs: 0 };
  const delayMs = id === `hang-${name}` ? Number.POSITIVE_INFINITY : Number(/^after-(\d+)$/.exec(id)?.[1] ?? 0);
  return { bytes: toBytes('200 OK', body), delayMs };
}

function toBytes(status: string, body: string): Buffer {
  const fields = [
    `HTTP/1.1 ${status}`,
    'Server: upstream',
    'Date: Sun, 22 Nov 2026 20:00:00 GMT',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'ETag: "5f3a-abcdef0123456789"',
    'Cache-Control: public, max-age=30',
    'Vary: Accept-Encoding',
    'Connection: keep-alive',
  ];
  return Buffer.from(`${fields.join('\r\n')}${headEnd}${body}`);
}
