import type { CallContext, CallRecord } from '../engine/call.ts';
import { isCharged } from '../engine/failure.ts';
import type { Outcome } from '../engine/outcome.ts';
import type { UpstreamOptions } from '../engine/provider.ts';
import type { Decode, UpstreamRequest } from '../engine/request.ts';
import { createBalancer } from './balance.ts';
import { type Connection, createConnection } from './connection.ts';
import type { ConnectorOptions } from './connector.ts';

/** What bounds an upstream that says nothing about it. */
const defaults = {
  /** DNS, TCP and TLS together, milliseconds: above it the upstream is as good as gone. */
  connectMs: 1_000,
  /** Sockets to each address: as many as the bulkhead lets through. */
  connections: 64,
  /** Bytes of one decoded answer. */
  maxBytes: 1_048_576,
  /** Arrays and objects within one another. */
  maxDepth: 64,
  /** Values and keys of one answer: dense JSON costs 22 to 29 times its size in heap. */
  maxTokens: 200_000,
};

/** The connections to all addresses of an upstream. */
export type HttpTransport = Connection;

/** How connections are made, for all upstreams of an application. */
export interface TransportOptions extends Partial<ConnectorOptions> {}

/** Connects to an upstream. Several addresses are called in turn, and those that keep failing are left out for a while. */
export function createTransport(upstream: UpstreamOptions, options: TransportOptions = {}): HttpTransport {
  const { maxDepth, maxTokens, ...limits } = { ...defaults, ...upstream, ...options };
  const origins = typeof upstream.origin === 'string' ? [upstream.origin] : upstream.origin;
  const json = { depth: maxDepth, tokens: maxTokens };
  const connections = origins.map((origin) => createConnection(origin, { ...limits, json }));
  const [only] = connections;
  return only && connections.length === 1 ? only : balance(connections);
}

function balance(connections: readonly Connection[]): HttpTransport {
  const balancer = createBalancer(connections.length);
  /** The address that each source was sent to last: a retry goes elsewhere. */
  const used = new WeakMap<CallRecord, number>();

  async function send<T>(request: UpstreamRequest, context: CallContext, decode: Decode<T>): Promise<Outcome<T>> {
    const index = balancer.pick(used.get(context.record));
    used.set(context.record, index);
    const connection = connections[index];
    if (!connection) throw new RangeError('a balancer picks one of its addresses');
    const outcome = await connection.send(request, context, decode);
    if (outcome.status === 'ok') {
      balancer.report(index, true);
      return outcome;
    }
    // A cancelled attempt says nothing about its address.
    if (outcome.failure.code !== 'cancelled') balancer.report(index, !isCharged(outcome.failure));
    return { status: 'failed', failure: { ...outcome.failure, isElsewherePossible: true } };
  }

  return {
    send,
    async close() {
      await Promise.all(connections.map(({ close }) => close()));
    },
  };
}
