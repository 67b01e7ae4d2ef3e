import { createServer, type IncomingMessage, type RequestListener, type Server, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { toRequestId } from './facts.ts';
import { toStatusProblem } from './problem.ts';
import { type Log, logRefusal } from './request-log.ts';

/** What Node's server takes from a client, and for how long it waits. */
const nodeLimits = {
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
    if (status === undefined) return handler(request, response);
    const requestId = toRequestId(request);
    response.writeHead(status, { ...refusalHeaders, 'x-request-id': requestId });
    response.end(JSON.stringify(toStatusProblem(status, requestId)));
    logRefusal(log, { requestId, method: request.method, route: undefined, status });
  });
  // A listener gets the bare socket; without one, Node would close it without a word.
  server.on('connect', (request, socket: Socket) => refuseSocket(socket, 405, log, { request }));
  return server;
}

/** What Node's own checks do not cover, as a status; undefined is welcome. */
function toRefusal({ url = '', rawHeaders, httpVersionMajor }: IncomingMessage): number | undefined {
  if (url.length > longestTarget) return 414;
  if (rawHeaders.length > 2 * mostHeaders) return 431;
  // Neither a proxy's absolute form nor `*`, and no HTTP/0.9 (RFC 9112, 3.2).
  if (url.charCodeAt(0) !== slash || httpVersionMajor !== 1) return 400;
  return hasGoodHost(rawHeaders) ? undefined : 400;
}

const slash = 0x2f;

/** At most one, and well formed (RFC 9112, 3.2). That it is there at all is checked by Node. */
function hasGoodHost(rawHeaders: readonly string[]): boolean {
  let seen = false;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i];
    if (name?.length !== 4 || name.toLowerCase() !== 'host') continue;
    if (seen || !hostForm.test(rawHeaders[i + 1] ?? '')) return false;
    seen = true;
  }
  return true;
}

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

const refusalHeaders = { 'content-type': 'application/problem+json', 'cache-control': 'no-store', connection: 'close' };

function refuseSocket(
  socket: Socket,
  status: number,
  log: Log,
  { request, reason }: { readonly request?: IncomingMessage; readonly reason?: string | undefined },
): void {
  const requestId = toRequestId(request ?? { headers: {} });
  const body = JSON.stringify(toStatusProblem(status, requestId));
  const headers = { ...refusalHeaders, 'x-request-id': requestId, 'content-length': Buffer.byteLength(body) };
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head.join('')}\r\n${body}`, () => socket.destroy());
  logRefusal(log, { requestId, method: request?.method, route: undefined, status }, reason);
}
