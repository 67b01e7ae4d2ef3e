import { onTestFinished } from 'vitest';
import { toWhole } from '../../src/engine/bytes.ts';
import type { CallContext } from '../../src/engine/call.ts';
import type { Failure } from '../../src/engine/failure.ts';
import { type Outcome, ok } from '../../src/engine/outcome.ts';
import { path } from '../../src/engine/path.ts';
import type { UpstreamOptions } from '../../src/engine/provider.ts';
import type { Decode, UpstreamRequest } from '../../src/engine/request.ts';
import { createScope, type OwnedScope } from '../../src/engine/scope.ts';
import { createTransport, type HttpTransport, type TransportOptions } from '../../src/http/transport.ts';
import { type Behaviour, type FaultServer, type FaultServerOptions, startFaultServer } from '../faults/server.ts';
import { facts } from '../support/fan-out.ts';

/** A GET of `/a`. */
export const get: UpstreamRequest = { method: 'GET', idempotent: true, path: path`/a` };
/** A POST of `/a`. */
export const post: UpstreamRequest = { method: 'POST', idempotent: false, path: path`/a`, body: { n: 1 } };

/** Why a test stops a call. */
export const stopped: Failure = { code: 'timeout', message: 'stopped by the test' };

/** A context whose scope the test holds. */
export function createContext(scope: OwnedScope = createScope()): CallContext & { readonly scope: OwnedScope } {
  return { scope, deadlineAt: performance.now() + 60_000, request: facts, record: { attempts: 0 } };
}

/** Takes any JSON. */
const decode: Decode<unknown> = (bytes) => ok(JSON.parse(toWhole(bytes).toString()));

/** A transport, closed when the test ends. */
export interface Opened extends HttpTransport {
  /** Sends with a context of its own. */
  ask(request?: UpstreamRequest, context?: CallContext): Promise<Outcome<unknown>>;
}

/** Opens a transport to an origin until the test ends. */
export function open(origin: string, limits: Partial<UpstreamOptions> = {}, options: TransportOptions = {}): Opened {
  const transport = createTransport({ name: 'u', origin, ...limits }, options);
  onTestFinished(() => transport.close());
  return { ...transport, ask: (request = get, context = createContext()) => transport.send(request, context, decode) };
}

/** An upstream of this behaviour, and a transport to it. */
export async function connectTo(
  behaviour: Behaviour,
  limits: Partial<UpstreamOptions> = {},
  options: TransportOptions & { readonly server?: FaultServerOptions; readonly scheme?: string } = {},
): Promise<{ readonly server: FaultServer; readonly upstream: Opened }> {
  const { server: serverOptions, scheme = 'http', ...transport } = options;
  const server = await startFaultServer(behaviour, serverOptions);
  onTestFinished(() => server.close());
  return { server, upstream: open(`${scheme}://127.0.0.1:${server.port}`, limits, transport) };
}
