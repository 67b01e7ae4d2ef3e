import { Client, Pool } from 'undici';
import type { Transport } from '../engine/request.ts';
import type { JsonLimits } from '../json/check.ts';
import { type ConnectorOptions, createConnector } from './connector.ts';
import { type Line, send } from './sending.ts';
import { watchWires } from './wire.ts';

/** The connections to one address of an upstream. */
export interface Connection {
  readonly send: Transport;
  /** Destroys every socket; what still runs fails. */
  close(): Promise<void>;
}

/** How one address is connected to, and what its answers may cost. */
export interface ConnectionOptions extends ConnectorOptions {
  /** Sockets at most. */
  readonly connections: number;
  /** Bytes of one decoded answer at most. */
  readonly maxBytes: number;
  readonly json: JsonLimits;
}

/**
 * Connects to one address over HTTP/1.1. Redirects are not followed, HTTP/2 is off, and undici's own timers are off (they
 * fire up to a second late, and a drip never trips them): the scope of each call ends it.
 */
export function createConnection(origin: string, options: ConnectionOptions): Connection {
  const { connections, maxBytes, json } = options;
  const habits = { saysContinue: false };
  const clientOptions = {
    connect: createConnector(options, habits),
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: 4_000,
    keepAliveMaxTimeout: 30_000,
    maxHeaderSize: 16_384,
    allowH2: false,
  };
  const pool = new Pool(origin, { ...clientOptions, connections });
  const line: Line = {
    maxBytes,
    json,
    habits,
    pool,
    connectAnew: () => new Client(origin, clientOptions),
    mostInFlight: 2 * connections,
    inFlight: 0,
  };

  const stopWatching = watchWires();
  return {
    send: (request, context, decode) => send(line, request, context, decode),
    close() {
      stopWatching();
      return pool.destroy();
    },
  };
}
