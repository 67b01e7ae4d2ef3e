import { resolve } from 'node:path';
import closeWithGrace from 'close-with-grace';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { buildApp } from './app.ts';
import { type Config, ConfigError } from './config.ts';
import { loadExamples, loadRoutes } from './server/load.ts';

/** How often connections are looked at that became idle while the server drains, milliseconds. */
const idleCheckMs = 100;

/** Loads the application, listens, and drains when the process is told to stop. */
export async function serve(config: Config): Promise<void> {
  if (config.upstreams === 'embedded') {
    throw new ConfigError('CONFLUO_UPSTREAMS=embedded needs the demo of the repository: npm start');
  }
  const folder = resolve(config.appDir);
  const logger = pino({ level: config.logLevel });
  const [routes, examples] = [await loadRoutes(folder), await loadExamples(folder)];
  const { server, readiness } = await buildApp({ routes, examples, origins: config.origins, logger });

  closeWithGrace({ delay: config.stopMs, logger: false }, async ({ signal, err }) => {
    if (err) logger.fatal({ err }, 'defect');
    logger.info({ signal }, 'draining');
    readiness.isDraining = true;
    await drain(server);
    logger.info('stopped');
  });

  await listen(server, config);
  logger.info({ address: server.listeningOrigin }, 'listening');
}

/** Finishes what runs and takes nothing new. Every answer says so; connections are closed as soon as they are idle. */
async function drain(server: FastifyInstance): Promise<void> {
  const timer = setInterval(() => server.server.closeIdleConnections(), idleCheckMs);
  await server.close();
  clearInterval(timer);
}

const reasons: Readonly<Record<string, string>> = { EADDRINUSE: 'is in use', EACCES: 'is not allowed' };

async function listen(server: FastifyInstance, { host, port }: Config): Promise<void> {
  try {
    await server.listen({ host, port });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const why = reasons[code] ?? `cannot be listened on (${code})`;
    throw new Error(`port ${port} on ${host} ${why}; PORT and HOST say where to listen`, { cause: error });
  }
}
