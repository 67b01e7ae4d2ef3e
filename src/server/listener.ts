import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { Socket } from 'node:net';
import { toRequestId } from './facts.ts';
import { toStatusProblem } from './problem.ts';
import { type Log, logRefusal } from './request-log.ts';

/** What Node's server takes from a client, and for how long it waits. */
const nodeLimits = {
  /** Checked here, so that its absence is a problem like others. */
  requireHostHeader: false,
  /** Bytes of a head. */
  maxHeaderSize: 16_384,
  /** Milliseconds from the connection, or from the last answer's end, to the end of a head that has begun. */
  headersTimeout: 5_000,
  /** The same to the end of the body. */
  requestTimeout: 10_000,
  /** How often the two are looked at. */
  connectionsCheckingInterval: 500,
  /** Milliseconds that an idle connection stays open: above the 60 s of common load balancers, so that they close first. */
  keepAliveTimeout: 72_000,
};
const longestTarget = 8_192;
const mostHeaders = 100;

/** Empty (RFC 9112, 3.2), or a name or an address with or without a port. */
const hostForm = /^(?:\[[0-9a-f:.]+\]|[a-z0-9._~!$&'()*+,;=%-]*)(?::\d{0,5})?$/i;

/** Node's server for a handler, behind limits; what breaks them, and what the handler should not have to judge, is refused. */
export function createListener(handler: RequestListener, log: Log): Server {
  const server = createServer(nodeLimits, (request, response) => {
    const status = toRefusal(request);
    if (status === undefined) handler(request, response);
    else refuse(request, response, status, log);
  });
  // Without these, Node would answer the one without a problem, and close on the other without a word.
  server.on('checkExpectation', (request, response) => refuse(request, response, 417, log));
  server.on('connect', (request, socket: Socket) => {
    // Node has taken its own listener off, and an error that nobody hears ends the process.
    socket.on('error', () => socket.destroy());
    refuseSocket(socket, 405, log, { request });
  });
  return server;
}

/** What Node's own checks do not cover, as a status; undefined is welcome. */
function toRefusal({ url = '', rawHeaders, httpVersionMajor, httpVersionMinor }: IncomingMessage): number | undefined {
  if (url.length > longestTarget) return 414;
  if (rawHeaders.length > 2 * mostHeaders) return 431;
  // Neither a proxy's absolute form nor `*`, and no HTTP/0.9 (RFC 9112, 3.2).
  if (url.charCodeAt(0) !== slash || httpVersionMajor !== 1) return 400;
  return hasGoodHost(rawHeaders, httpVersionMinor > 0) ? undefined : 400;
}

const slash = 0x2f;

/** One, or with HTTP/1.0 none, and well formed (RFC 9112, 3.2). */
function hasGoodHost(rawHeaders: readonly string[], isNeeded: boolean): boolean {
  let seen = false;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i];
    if (name !== 'Host' && (name?.length !== 4 || name.toLowerCase() !== 'host')) continue;
    if (seen || !isHost(rawHeaders[i + 1] ?? '')) return false;
    seen = true;
  }
  return seen || !isNeeded;
}

/** The last one that was good: most requests have the same, and the pattern costs ten times a comparison. */
let goodHost = '';

function isHost(host: string): boolean {
  if (host !== goodHost && !hostForm.test(host)) return false;
  goodHost = host;
  return true;
}

function refuse(request: IncomingMessage, response: ServerResponse, status: number, log: Log): void {
  const requestId = toRequestId(request);
  const body = JSON.stringify(toStatusProblem(status, requestId));
  response.writeHead(status, toHeaders(requestId, body)).end(body);
  logRefusal(log, { requestId, method: request.method, route: undefined, status });
}

const told = new WeakSet<Socket>();

/** Whether the socket got its last answer here, past whoever was reading a request from it. */
export const wasTold = (socket: Socket): boolean => told.has(socket);

/** What is said of bytes that are no request, by the code of Node's error; all others are 400. */
const statuses: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  HPE_HEADER_OVERFLOW: 431,
};

/** Answers bytes that are no request, and closes. */
export const createClientErrorHandler =
  (log: Log) =>
  (error: NodeJS.ErrnoException, socket: Socket): void => {
    const { code } = error;
    // Nobody is there to be told.
    if (code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
    refuseSocket(socket, statuses[code ?? ''] ?? 400, log, { reason: code });
  };

function refuseSocket(
  socket: Socket,
  status: number,
  log: Log,
  { request, reason }: { readonly request?: IncomingMessage; readonly reason?: string | undefined },
): void {
  told.add(socket);
  const requestId = toRequestId(request ?? { headers: {} });
  const body = JSON.stringify(toStatusProblem(status, requestId));
  const head = Object.entries(toHeaders(requestId, body)).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head.join('')}\r\n${body}`, () => socket.destroy());
  logRefusal(log, { requestId, method: request?.method, route: undefined, status }, reason);
}

const toHeaders = (requestId: string, body: string) => ({
  'content-type': 'application/problem+json; charset=utf-8',
  'content-length': Buffer.byteLength(body),
  'cache-control': 'no-store',
  'x-request-id': requestId,
  connection: 'close',
});
