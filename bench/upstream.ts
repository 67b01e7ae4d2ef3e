/**
 * The upstreams: one process, one port for each, answers made once. A request is looked up by its target and nothing else
 * of it is read, so that the simulator costs as little as Node can. `/<name>/42` answers at once, `/<name>/42?delay=5` after
 * 5 ms, `/hang` never, anything else 404.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createBodies, type UpstreamName, upstreamNames } from './bodies.ts';
import { answerQuestions } from './child.ts';
import { readCpu } from './measure.ts';

const headEnd = '\r\n\r\n';
const answers = new Map(
  Object.entries(createBodies()).map(([name, body]) => [`/${name}/42`, toAnswer('200 OK', body)]),
);
const notFound = toAnswer('404 Not Found', '{"error":"no such thing"}');
let requests = 0;

const questions = {
  /** Opens the ports and tells the origins. */
  listen: async (): Promise<Readonly<Record<UpstreamName, string>>> => {
    const [catalog, reviews, stock] = await Promise.all(upstreamNames.map(listen));
    return { catalog: catalog ?? '', reviews: reviews ?? '', stock: stock ?? '' };
  },
  usage: () => ({ ...readCpu(), requests }),
};

export type UpstreamQuestions = typeof questions;
answerQuestions(questions);

function listen(): Promise<string> {
  const server = createServer({ noDelay: true }, onConnection);
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
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
      answer(socket, text.slice(text.indexOf(' ', start) + 1, text.indexOf(' HTTP/1.1', start)));
      start = end + headEnd.length;
    }
    rest = start === text.length ? '' : text.slice(start);
  });
}

function answer(socket: Socket, target: string): void {
  requests += 1;
  const bytes = answers.get(target);
  if (bytes) socket.write(bytes);
  else if (target !== '/hang') answerSlowly(socket, target);
}

function answerSlowly(socket: Socket, target: string): void {
  const { pathname, searchParams } = new URL(target, 'http://upstream');
  const delayMs = Number(searchParams.get('delay') ?? 0);
  setTimeout(() => socket.write(answers.get(pathname) ?? notFound), delayMs);
}

function toAnswer(status: string, body: string): Buffer {
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
