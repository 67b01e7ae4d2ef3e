import type { LookupFunction, Socket } from 'node:net';
import { buildConnector, errors } from 'undici';
import { startTimer } from '../engine/deadline.ts';
import { createLookup } from './lookup.ts';
import { sharedReads } from './reads.ts';
import { limitFraming, skipContinue } from './wire.ts';

/** How connections are made. */
export interface ConnectorOptions {
  /** The limit for DNS, TCP and TLS together, milliseconds. */
  readonly connectMs: number;
  /** Trusted certificate authorities in PEM. Default: Node's. */
  readonly ca?: string | undefined;
  /** Resolves names. Default: the system's. */
  readonly lookup?: LookupFunction | undefined;
  /** Names may lead to private, loopback and link-local addresses. Default false. */
  readonly privateAddresses?: boolean | undefined;
}

/** Makes connections. Certificates are always verified. The limit is our own timer: undici's fires up to 500 ms late. */
export function createConnector(
  { connectMs, ca, lookup, privateAddresses = false }: ConnectorOptions,
  habits: { readonly saysContinue: boolean } = { saysContinue: false },
): buildConnector.connector {
  const connect = buildConnector({
    timeout: 0,
    allowH2: false,
    rejectUnauthorized: true, // said, so that NODE_TLS_REJECT_UNAUTHORIZED cannot say otherwise
    ...(ca === undefined ? {} : { ca }),
    ...sharedReads,
    lookup: createLookup({ privateAddresses, patienceMs: connectMs }, lookup),
  });
  return (options, callback) => {
    let timer: NodeJS.Timeout | undefined;
    const connecting: unknown = connect(options, (error, socket) => {
      clearTimeout(timer);
      if (error) return callback(error, null);
      limitFraming(socket);
      if (habits.saysContinue) skipContinue(socket);
      callback(null, socket);
    });
    const socket = connecting as Socket; // undici returns it, though its types do not say so
    timer = startTimer(connectMs, () =>
      socket.destroy(new errors.ConnectTimeoutError(`no connection within ${connectMs} ms`)),
    );
  };
}
