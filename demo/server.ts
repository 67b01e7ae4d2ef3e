import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Api } from './api.ts';
import { initialSetting, modes, type Reply, type Setting } from './modes.ts';

/** An embedded API that listens. It never keeps the process alive. */
export interface Embedded {
  readonly name: string;
  readonly origin: string;
  /** How it behaves now. */
  readonly setting: () => Setting;
  /** Changes how it behaves, from the next request on; to or from `refuse` it closes or opens its port first. */
  readonly change: (setting: Setting) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Serves an API under the name of its upstream on a port, or on a free one when that is taken (0: any). */
export async function serve(name: string, api: Api, host: string, port: number): Promise<Embedded> {
  let setting = initialSetting;
  let count = 0;
  const server = createDemoServer((request, response) => {
    count += 1;
    const answer = () => toReply(api, request);
    modes[setting.mode].behave({ request, response, value: setting.value, count, answer });
  });
  const origin = await listen(server, host, port);

  async function change(next: Setting): Promise<void> {
    if (next.mode === 'refuse') await close(server);
    else if (!server.listening) await tryListen(server, host, Number(new URL(origin).port));
    setting = next;
    count = 0;
  }

  return { name, origin, setting: () => setting, change, close: () => close(server) };
}

/** A server whose connections never keep the process alive. */
export const createDemoServer = (handle: RequestListener): Server =>
  createServer(handle).on('connection', (socket) => socket.unref());

/** Listens without keeping the process alive, and tells the origin. A taken port becomes a free one. */
export async function listen(server: Server, host: string, port: number): Promise<string> {
  const bound = await tryListen(server, host, port).catch((error: unknown) => {
    if (!isTaken(error) || port === 0) throw error;
    return tryListen(server, host, 0);
  });
  return `http://${host.includes(':') ? `[${host}]` : host}:${bound.port}`;
}

/** Stops listening and drops every connection. */
export async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

const isTaken = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';

function tryListen(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject).unref();
      resolve(server.address() as AddressInfo); // a server on a host and port has one
    });
  });
}

function toReply(api: Api, { method, url = '/' }: IncomingMessage): Reply {
  if (method !== 'GET') return { status: 405, headers: { allow: 'GET' }, bytes: Buffer.alloc(0) };
  const target = URL.parse(url, 'http://embedded.invalid');
  if (!target) return { status: 400, headers: {}, bytes: Buffer.alloc(0) };
  const { status, body, contentType = 'application/json; charset=utf-8' } = api(target);
  if (body === undefined) return { status, headers: {}, bytes: Buffer.alloc(0) };
  return { status, headers: { 'content-type': contentType }, bytes: Buffer.from(JSON.stringify(body)) };
}
