import { once } from 'node:events';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { endConnections } from './connections.ts';
import type { Readiness } from './health.ts';

/** How often connections are looked at that became idle while the server drains, milliseconds. */
const idleCheckMs = 100;

/**
 * Prepares a server that does not listen yet. The function that is returned stops it: from its call on `/readyz` is 503 and
 * every answer says `Connection: close`; for `delayMs` everything is served as before, connections that are new and those
 * that were idle, since whoever sends them here has yet to notice. Then nothing new is taken, and it resolves when
 * what runs is finished, however long that takes.
 */
export function prepareDrain(server: FastifyInstance, readiness: Readiness): (delayMs: number) => Promise<void> {
  const node = server.server;
  const sockets = watchSockets(node);

  return async (delayMs) => {
    readiness.isDraining = true;
    endConnections(node);
    await wait(delayMs);
    const closed = once(node, 'close');
    // Not Fastify's own close, which comes last: it would call answers the last ones of connections on which more is waiting.
    node.close();
    const closeIdle = () => {
      node.closeIdleConnections();
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    };
    closeIdle();
    const timer = setInterval(closeIdle, idleCheckMs);
    await closed;
    clearInterval(timer);
    await server.close();
  };
}

/** Every open connection. Those on which nothing was said yet, as browsers open them ahead, Node does not call idle. */
function watchSockets(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}
