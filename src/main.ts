#!/usr/bin/env node
import cluster from 'node:cluster';
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const oldestNode = 24;
const file = fileURLToPath(import.meta.url);

/**
 * What the process ends with when it cannot start (sysexits.h), by the name of the error: EX_CONFIG and EX_UNAVAILABLE.
 * What Fastify complains of at that time is a schema or a URL of a route.
 */
const exitCodes: Readonly<Record<string, number>> = { ConfigError: 78, DefinitionError: 78, FastifyError: 78 };
const unavailable = 69;

/**
 * Runs the server until it is told to stop. What keeps it from starting is one line on standard error, and the process
 * ends: with 78 for the environment, providers and routes, with 69 for what the machine cannot give.
 */
export async function run(env: Readonly<Record<string, string | undefined>>): Promise<void> {
  try {
    const [major = 0] = process.versions.node.split('.').map(Number);
    if (major < oldestNode) throw new Error(`Node ${oldestNode} or newer is needed, this is ${process.version}`);
    // Imported only now: an older Node could not even load what these import.
    const { loadConfig } = await import('./config.ts');
    const config = loadConfig(env);
    if (config.workers > 1 && cluster.isPrimary) {
      const { supervise } = await import('./workers.ts');
      return supervise(config, { file, env });
    }
    const { serve } = await import('./serve.ts');
    await serve(config);
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    process.stderr.write(`confluo: ${message}\n`);
    process.exit(exitCodes[name] ?? unavailable);
  }
}

const isEntry = process.argv[1] !== undefined && realpathSync(process.argv[1]) === file;
if (isEntry) await run(process.env);
