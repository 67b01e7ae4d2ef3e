import cluster from 'node:cluster';
import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import closeWithGrace from 'close-with-grace';
import type { FastifyInstance } from 'fastify';
import { buildApp } from './app.ts';
import { type Config, ConfigError } from './config.ts';
import { prepareDrain } from './server/drain.ts';
import { loadExamples, loadRoutes } from './server/load.ts';
import { openLog } from './server/log.ts';
import { openOutput } from './server/output.ts';
import { collectInTime, tuneV8 } from './server/v8.ts';

/** How long the last lines may take to whoever reads them, milliseconds: nobody may be there. */
const lastLinesMs = 500;

/** Loads the application, listens, and drains when the process is told to stop. */
export async function serve(config: Config): Promise<void> {
  if (config.upstreams === 'embedded') {
    throw new ConfigError('CONFLUO_UPSTREAMS=embedded needs the demo of the repository: npm start');
  }
  tuneV8();
  const folder = resolve(config.appDir);
  const output = openOutput();
  const logger = openLog(config.logLevel, output);
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
  collectInTime(server.server);
  const drain = prepareDrain(server, readiness);

  whenStopped(config.stopMs, async (signal, error) => {
    if (error) logger.fatal({ err: error }, 'defect');
    logger.info({ signal }, 'draining');
    // Only SIGTERM comes from where others must notice first. At a terminal somebody waits; after a defect nobody should come
    // any more; and the port of a parent that has died is wanted by the next one.
    await drain(signal === 'SIGTERM' ? config.drainMs : 0);
    logger.info('stopped');
    // At the exit, what a pipe had no room for would be lost.
    await Promise.race([output.end(), wait(lastLinesMs)]);
  });

  await listen(server, config);
  logger.info({ address: server.listeningOrigin }, 'listening');
}

/**
 * Calls `stop` once, at the first signal or defect; the process ends with it, or after `stopMs`, or at a second signal.
 * A worker ends at no second one: what its group gets and what its parent passes on are the same signal twice.
 */
function whenStopped(stopMs: number, stop: (signal: string | undefined, error?: Error) => Promise<void>): void {
  const { worker } = cluster;
  let given: string | undefined;
  const { close } = closeWithGrace(
    { delay: stopMs, logger: false, skip: worker ? ['SIGTERM', 'SIGINT'] : [] },
    async ({ signal = given, err }) => stop(signal, err),
  );
  if (!worker) return;

  const stopOnce = (signal: string) => {
    if (given !== undefined) return;
    given = signal;
    close();
  };
  process.on('SIGTERM', stopOnce);
  process.on('SIGINT', stopOnce);
  worker.on('disconnect', () => {
    // Else Node ends a worker that has lost its parent at once.
    worker.exitedAfterDisconnect = true;
    stopOnce('disconnect');
  });
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
