import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { Socket } from 'node:net';
import { gatherChunks } from './chunks.ts';
import { type Connections, closeBehind, toCheckMs, watchConnections } from './connections.ts';
import { toRequestId } from './facts.ts';
import { hasBody } from './input.ts';
import type { Limits } from './limits.ts';
import { toStatusProblem } from './problem.ts';
import { type Log, logRefusal } from './request-log.ts';

/** Node's server for a handler, behind limits; what breaks them, and what the handler should not have to judge, is refused. */
export function createListener(handler: RequestListener, log: Log, limits: Limits): Server {
  const toRefusal = compileRefusal(limits);
  const server = createServer(toNodeOptions(limits));
  // What is beyond is dropped unread: one more than the limit is what tells that there was more.
  server.maxHeadersCount = limits.maxHeaders + 1;
  const connections = watchConnections(server, limits);

  const takeOr = (known: number | undefined) => (request: IncomingMessage, response: ServerResponse) => {
    const connection = connections.admit(request, response);
    if (!connection) return;
    if (hasBody(request.headers)) gatherChunks(request, response, () => onTooManyChunks(request.socket));
    const status = known ?? toRefusal(request) ?? (connection.pending > limits.maxPipelined ? 503 : undefined);
    // No other protocol is spoken, but Node's parser has passed over what came behind the request.
    if (request.headers.upgrade !== undefined) closeBehind(response, connection);
    if (status === undefined) return handler(request, response);
    connection.end();
    refuse(request, response, status, log);
  };
  const take = takeOr(undefined);
  const onTooManyChunks = (socket: Socket) => {
    // What it has sent stays where it is: it would be read before the answer is written.
    socket.pause();
    server.emit('clientError', Object.assign(new Error('Too many small chunks'), { code: 'TOO_MANY_CHUNKS' }), socket);
  };

  server.on('request', take);
  server.on('checkContinue', (request, response) => {
    // Who asks first is told at once, not invited to send what is refused.
    if (Number(request.headers['content-length'] ?? 0) <= limits.maxBodyBytes) response.writeContinue();
    take(request, response);
  });
  // Without these, Node would answer the one without a problem, and close on the other without a word.
  server.on('checkExpectation', takeOr(417));
  server.on('connect', (request, socket: Socket) => {
    // Node has taken its own listener off, and an error that nobody hears ends the process.
    socket.on('error', () => socket.destroy());
    connections.whenAnswered(socket, () => refuseSocket(socket, 405, log, { request }));
  });
  server.on('clientError', createClientErrorHandler(log, connections));
  return server;
}

const toNodeOptions = ({ maxUrlBytes, maxHeaderBytes, headerMs, bodyMs, idleMs }: Limits) => ({
  /** Checked here, so that its absence is a problem like others. */
  requireHostHeader: false,
  /** A request without a body has no stream that would have to end. */
  optimizeEmptyRequests: true,
  /** Node counts the target too, and stops when so many are reached; which of the two it was is found out here. */
  maxHeaderSize: maxUrlBytes + maxHeaderBytes + 1,
  headersTimeout: headerMs,
  requestTimeout: bodyMs,
  connectionsCheckingInterval: toCheckMs(headerMs, bodyMs),
  keepAliveTimeout: idleMs,
});

/** Compiles what Node's own checks do not cover, as a status; undefined is welcome. */
function compileRefusal({ maxUrlBytes, maxHeaders, maxHeaderBytes, maxQueryParams }: Limits) {
  return (request: IncomingMessage): number | undefined => {
    const { url = '', rawHeaders, httpVersionMajor, httpVersionMinor } = request;
    if (url.length > maxUrlBytes) return 414;
    if (rawHeaders.length > 2 * maxHeaders) return 431;
    // Neither a proxy's absolute form nor `*`, and no HTTP/0.9 (RFC 9112, 3.2).
    if (url.charCodeAt(0) !== slash || httpVersionMajor !== 1) return 400;
    if (url.length > maxQueryParams && countParams(url) > maxQueryParams) return 400;
    return toFieldsRefusal(rawHeaders, httpVersionMinor, maxHeaderBytes) ?? toCodingRefusal(request);
  };
}

const slash = 0x2f;

function countParams(url: string): number {
  let count = 0;
  for (let at = url.indexOf('?'); at !== -1; at = url.indexOf('&', at + 1)) count += 1;
  return count;
}

/** How many bytes there are, and whether Host is there once (with HTTP/1.0 at most), well formed (RFC 9112, 3.2). */
function toFieldsRefusal(rawHeaders: readonly string[], minorVersion: number, maxBytes: number): number | undefined {
  let bytes = 0;
  let hosts = 0;
  let isGood = true;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    const value = rawHeaders[i + 1] ?? '';
    bytes += name.length + value.length;
    if (name !== 'Host' && (name.length !== 4 || name.toLowerCase() !== 'host')) continue;
    hosts += 1;
    isGood &&= isHost(value);
  }
  if (bytes > maxBytes) return 431;
  return isGood && (hosts === 1 || (hosts === 0 && minorVersion === 0)) ? undefined : 400;
}

/** Empty (RFC 9112, 3.2), or a name or an address with or without a port. */
const hostForm = /^(?:\[[0-9a-f:.]+\]|[a-z0-9._~!$&'()*+,;=%-]*)(?::\d{0,5})?$/i;

/** The last one that was good: most requests have the same, and the pattern costs ten times a comparison. */
let goodHost = '';

function isHost(host: string): boolean {
  if (host !== goodHost && !hostForm.test(host)) return false;
  goodHost = host;
  return true;
}

/** Chunks are the only coding that is understood, and HTTP/1.0 has none (RFC 9112, 6.1). */
function toCodingRefusal({ headers, httpVersionMinor }: IncomingMessage): number | undefined {
  const coding = headers['transfer-encoding'];
  if (coding === undefined) return undefined;
  if (httpVersionMinor === 0) return 400;
  return coding.toLowerCase() === 'chunked' ? undefined : 501;
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
  TOO_MANY_CHUNKS: 413,
};

/** Answers bytes that are no request, behind the answers that are under way, and closes. */
const createClientErrorHandler =
  (log: Log, connections: Connections) =>
  (error: NodeJS.ErrnoException & { readonly rawPacket?: Buffer }, socket: Socket): void => {
    const { code = '', rawPacket } = error;
    // Nobody is there to be told; or the last answer is on its way, and the connection closes behind it.
    if (code === 'ECONNRESET') return void socket.destroy();
    if (!socket.writable) return;
    // Nothing was said, so nothing is answered: it has its own time.
    if (socket.bytesRead === 0) return;
    const status = code === 'HPE_HEADER_OVERFLOW' && isTarget(rawPacket) ? 414 : (statuses[code] ?? 400);
    connections.whenAnswered(socket, () => refuseSocket(socket, status, log, { reason: code }));
  };

/** Whether these bytes are a request line that does not end. */
const isTarget = (bytes: Buffer | undefined): boolean =>
  bytes !== undefined && !bytes.includes('\n') && /^[A-Z]+ \//.test(bytes.toString('latin1', 0, 20));

function refuseSocket(
  socket: Socket,
  status: number,
  log: Log,
  { request, reason }: { readonly request?: IncomingMessage; readonly reason?: string | undefined },
): void {
  if (!socket.writable) return;
  told.add(socket);
  const requestId = toRequestId(request ?? { headers: {} });
  const body = JSON.stringify(toStatusProblem(status, requestId));
  // A tunnel's target allows nothing (RFC 9110, 10.2.1).
  const headers = { ...toHeaders(requestId, body), ...(status === 405 ? { allow: '' } : {}) };
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
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
