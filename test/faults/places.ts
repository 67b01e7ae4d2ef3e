import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';
import { answer } from './behaviours.ts';
import { type Behaviour, type FaultServer, type FaultServerOptions, startFaultServer } from './server.ts';

/** The upstream of one case: where it is, what it saw, and how its fault ends. */
export interface Place {
  readonly origin: string | readonly string[];
  /** What is reached at the origin while the fault lasts; undefined where nothing is. */
  readonly server: FaultServer | undefined;
  /** Ends the fault: from now on the origin answers well. */
  heal(): Promise<void>;
  close(): Promise<void>;
}

/** Opens a place; each case has one of its own. */
export type OpenPlace = () => Promise<Place>;

/** What an upstream answers when nothing is wrong with it. */
export const healthyAnswer = '{ "healthy": true }';

/** An origin on loopback. */
const plain = (port: number): string => `http://127.0.0.1:${port}`;
/** The same over TLS. */
export const secure = (port: number): string => `https://127.0.0.1:${port}`;

/** A server whose behaviour is the fault. */
export const serving =
  (behaviour: Behaviour, options: FaultServerOptions = {}, toOrigin = plain): OpenPlace =>
  async () => {
    const server = await startFaultServer(behaviour, options);
    return {
      origin: toOrigin(server.port),
      server,
      heal: async () => server.behave(answer(healthyAnswer)),
      close: server.close,
    };
  };

/** What occupies a port while a fault lasts. */
interface Occupant {
  readonly port: number;
  readonly server?: FaultServer;
  close(): Promise<unknown>;
}

/** Something on a port that goes away when the fault ends; then a good server takes the port. */
export const replaced =
  (occupy: () => Promise<Occupant>, good: FaultServerOptions = {}, toOrigin = plain): OpenPlace =>
  async () => {
    const { port, server, close } = await occupy();
    let closeCurrent = close;
    return {
      origin: toOrigin(port),
      server,
      async heal() {
        await close();
        const healthy = await startFaultServer(answer(healthyAnswer), { ...good, port });
        closeCurrent = healthy.close;
      },
      async close() {
        await closeCurrent();
      },
    };
  };

/** A server that cannot be healed, only replaced. */
export const occupying = (behaviour: Behaviour, options: FaultServerOptions) => async (): Promise<Occupant> => {
  const server = await startFaultServer(behaviour, options);
  return { port: server.port, server, close: server.close };
};

/** A port where nobody listens. */
export async function closedPort(): Promise<Occupant> {
  const server = await startFaultServer(answer(''));
  await server.close();
  return { port: server.port, close: () => Promise.resolve() };
}

/**
 * A port whose queue of connections is full and never taken from: the kernel drops what comes, as a black hole does.
 * The listener lives in a thread that sleeps, since Node accepts on its own.
 */
export async function fullBacklog(): Promise<Occupant> {
  const worker = new Worker(sleepingListener, { eval: true });
  const port = await new Promise<number>((resolve, reject) => worker.once('message', resolve).once('error', reject));
  const fillers = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => {}));
  // A queue of one takes two; the others stay on their way, and so does whoever comes later.
  await Promise.any(fillers.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
  return {
    port,
    async close() {
      for (const socket of fillers) socket.destroy();
      await worker.terminate();
    },
  };
}

const sleepingListener = `
const { parentPort } = require('node:worker_threads');
const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  parentPort.postMessage(server.address().port);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
});`;
