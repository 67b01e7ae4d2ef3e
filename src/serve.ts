import { once } from 'node:events';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import closeWithGrace from 'close-with-grace';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { buildApp } from './app.ts';
import { type Config, ConfigError } from './config.ts';
import { keepYoung } from './server/heap.ts';
import { loadExamples, loadRoutes } from './server/load.ts';

/** How often connections are looked at that became idle while the server drains, milliseconds. */
const idleCheckMs = 100;

/** How long the last lines may take to whoever reads them, milliseconds: nobody may be there. */
const lastLinesMs = 500;

/** Loads the application, listens, and drains when the process is told to stop. */
export async function serve(config: Config): Promise<void> {
  if (config.upstreams === 'embedded') {
    throw new ConfigError('CONFLUO_UPSTREAMS=embedded needs the demo of the repository: npm start');
  }
  keepYoung();
  const folder = resolve(config.appDir);
  const output = pino.destination(1);
  const logger = pino({ level: config.logLevel }, output);
  const [routes, examples] = [await loadRoutes(folder), await loadExamples(folder)];
  const { server, readiness } = await buildApp({
    routes,
    examples,
    origins: config.origins,
    admission: config.admission,
    limits: config.limits,
    edge: config.edge,
    logger,
  });
  const silent = watchSilent(server.server);

  closeWithGrace({ delay: config.stopMs, logger: false }, async ({ signal, err }) => {
    if (err) logger.fatal({ err }, 'defect');
    logger.info({ signal }, 'draining');
    readiness.isDraining = true;
    await drain(server, silent);
    logger.info('stopped');
    // Lines are written in the background; at the exit, what is under way there would be overtaken or lost.
    output.end();
    await Promise.race([once(output, 'close'), wait(lastLinesMs)]);
  });

  await listen(server, config);
  logger.info({ address: server.listeningOrigin }, 'listening');
}

/** Finishes what runs and takes nothing new. Every answer says so; connections are closed as soon as they are idle. */
async function drain(server: FastifyInstance, silent: SilentSockets): Promise<void> {
  const closeIdle = () => {
    server.server.closeIdleConnections();
    silent.destroy();
  };
  const timer = setInterval(closeIdle, idleCheckMs);
  await server.close();
  clearInterval(timer);
}

/** Connections on which nothing was said yet, as browsers and load balancers open them ahead. Node does not call them idle. */
interface SilentSockets {
  destroy(): void;
}

function watchSilent(server: Server): SilentSockets {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return {
    destroy() {
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    },
  };
}

const reasons: Readonly<Record<string, string>> = { EADDRINUSE: 'is in use', EACCES: 'is not allowed' };

async function listen(server: FastifyInstance, { host, port }: Config): Promise<void> {
  try {
    // Connections that come while the process is busy wait to be taken; a client whose connection does not fit tries again
    // only after a second, and Node's 511 are few for a burst.
    await server.listen({ host, port, backlog: server.server.maxConnections });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const why = reasons[code] ?? `cannot be listened on (${code})`;
    throw new Error(`port ${port} on ${host} ${why}; PORT and HOST say where to listen`, { cause: error });
  }
}
