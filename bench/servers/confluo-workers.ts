/** (c) in several processes on one port, as `CONFLUO_WORKERS` has them: the parent answers the benchmark and nobody else. */
import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../../src/config.ts';
import { collectInTime, tuneV8 } from '../../src/server/v8.ts';
import { supervise } from '../../src/workers.ts';
import { answerQuestions } from '../child.ts';
import { readCpu, type Usage } from '../measure.ts';
import { createApp } from './confluo-app.ts';
import type { ServerOptions, ServerQuestions } from './serve.ts';

/** What carries the options from the parent to its workers. */
const optionsKey = 'BENCH_SERVER_OPTIONS';

if (cluster.isPrimary) answerQuestions({ listen, usage } satisfies Partial<ServerQuestions>);
else await work();

/** Starts the workers and waits for all of them. */
async function listen(options: ServerOptions): Promise<number> {
  const config = loadConfig({ CONFLUO_WORKERS: String(options.workers), CONFLUO_LOG_LEVEL: 'silent' });
  const env = { ...process.env, [optionsKey]: JSON.stringify(options) };
  supervise(config, { file: fileURLToPath(import.meta.url), env });
  let port = 0;
  for (let listening = 0; listening < options.workers; listening += 1) {
    // Port 0 is the same port for all workers of one parent.
    const [, address] = (await once(cluster, 'listening')) as [Worker, AddressInfo]; // documented so
    port = address.port;
  }
  return port;
}

async function usage(): Promise<Usage> {
  const each = await Promise.all(
    Object.values(cluster.workers ?? {})
      .flatMap((worker) => worker ?? [])
      .map(askUsage),
  );
  const sum = (read: (usage: WorkerUsage) => number) => each.reduce((total, one) => total + read(one), 0);
  return {
    cpuMicros: sum(({ cpuMicros }) => cpuMicros),
    atMs: readCpu().atMs,
    requests: sum(({ requests }) => requests),
    requestsEach: each.map(({ requests }) => requests),
    rssBytes: sum(({ rssBytes }) => rssBytes),
  };
}

type WorkerUsage = Usage & { readonly requests: number };

async function askUsage(worker: Worker): Promise<WorkerUsage> {
  const answer = once(worker, 'message');
  worker.send('usage');
  return (await answer)[0] as WorkerUsage; // the only thing that `work` below sends
}

async function work(): Promise<void> {
  tuneV8();
  const app = await createApp(JSON.parse(process.env[optionsKey] ?? '') as ServerOptions); // `listen` above wrote it
  collectInTime(app.server);
  let requests = 0;
  app.server.on('request', () => {
    requests += 1;
  });
  process.on('message', () => {
    const answer: WorkerUsage = { ...readCpu(), requests, rssBytes: process.memoryUsage.rss() };
    process.send?.(answer);
  });
  await app.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 });
}
