import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import closeWithGrace from 'close-with-grace';
import { pino } from 'pino';
import type { Config } from './config.ts';

/** What a worker runs. */
export interface Program {
  readonly file: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A worker that ends before it has listened for so long is dying at its start, milliseconds. */
const steadyMs = 10_000;

/** How much longer than its workers the parent may take to end, milliseconds. */
const graceMs = 1_000;

/**
 * Keeps `config.workers` processes answering on one port, and does nothing else: one that ends is started again. The first
 * starts alone; where it cannot, it has said why, and this process ends with its code. A signal drains all of them, and a
 * second one ends them.
 */
export function supervise(config: Config, { file, env }: Program): void {
  const logger = pino({ level: config.logLevel }, pino.destination(1));
  const running = new Set<Worker>();
  let isUp = false;
  let isStopping = false;
  let isClean = true;

  function start(earlyDeaths = 0): void {
    if (isStopping) return;
    const worker = cluster.fork(env);
    let listeningSince = Number.POSITIVE_INFINITY;
    running.add(worker);
    worker.once('listening', () => {
      listeningSince = performance.now();
      if (isUp) return;
      isUp = true;
      for (let others = 1; others < config.workers; others += 1) start();
    });
    worker.once('exit', (code: number | null, signal: string | null) => {
      running.delete(worker);
      // What a signal ends while it is still starting had nothing to finish.
      if (isStopping) isClean &&= code === 0 || signal === 'SIGTERM' || signal === 'SIGINT';
      else if (!isUp) process.exit(code ?? 1);
      else {
        const isEarly = performance.now() - listeningSince < steadyMs;
        const pauseMs = isEarly ? toPauseMs(earlyDeaths) : 0;
        logger.warn({ worker: worker.process.pid, code, signal, pauseMs }, 'worker ended, starting another');
        setTimeout(start, pauseMs, isEarly ? earlyDeaths + 1 : 0);
      }
    });
  }

  closeWithGrace({ delay: config.stopMs + graceMs, logger: false }, async ({ signal, err }) => {
    isStopping = true;
    if (err) logger.fatal({ err }, 'defect');
    logger.info({ signal }, 'draining workers');
    for (const worker of running) worker.process.kill(signal === 'SIGINT' ? signal : 'SIGTERM');
    while (running.size > 0) await once(cluster, 'exit');
    logger.info('workers stopped');
    if (!isClean) throw new Error('a worker did not end well'); // makes it 1
  });
  // However this process ends.
  process.once('exit', () => {
    for (const worker of running) worker.process.kill('SIGKILL');
  });

  // One queue of waiting connections for all, which outlives each of them: docs/decisions/workers.md.
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  cluster.setupPrimary({ exec: file, args: [] });
  start();
}

/** None before the first, then from a quarter of a second, twice as long each time, up to ten seconds. */
const toPauseMs = (earlyDeaths: number): number =>
  earlyDeaths === 0 ? 0 : Math.min(10_000, 125 * 2 ** Math.min(earlyDeaths, 10));
