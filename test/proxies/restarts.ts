/**
 * Restarts two instances behind haproxy, one after the other, while clients with keep-alive connections ask through it, and
 * says what became of every request. None may be lost, and no POST may be done twice. `CONFLUO_WORKERS` and `CONFLUO_DRAIN_MS`
 * are passed on to the instances; the first argument is how many restarts. Where haproxy is not installed nothing is done,
 * unless REQUIRE_PROXIES=1.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { findFreePort } from '../support/process.ts';
import { type Balancer, checkMs, startBalancer } from './balancer.ts';
import { type Clients, type Fate, startClients } from './clients.ts';
import { createInstance, type Instance, type Shop, startShop, writeApplication } from './instance.ts';
import { isInstalled } from './proxies.ts';

const restarts = Number(process.argv[2] ?? 20);
const clientCount = 32;
/** Fewer prove too little: a thousand for each restart. */
const leastRequests = 1_000 * restarts;
/** How many of the lost are shown. */
const shownLost = 20;
/** After how long all of it is given up, milliseconds. */
const patienceMs = 240_000;

const { CONFLUO_WORKERS = '1', CONFLUO_DRAIN_MS = '2500' } = process.env;

const giveUp = AbortSignal.timeout(patienceMs);
if (isInstalled('haproxy')) await run();
else {
  console.log('haproxy is not installed');
  if (process.env['REQUIRE_PROXIES'] === '1') process.exitCode = 1;
}

async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'restarts-'));
  writeApplication(folder);
  const shop = await startShop();
  const ports = [await findFreePort(), await findFreePort()];
  const settings = { CONFLUO_WORKERS, CONFLUO_DRAIN_MS, CONFLUO_UPSTREAM_SHOP_ORIGIN: shop.origin };
  const instances = ports.map((port) => createInstance(port, folder, settings));
  let balancer: Balancer | undefined;
  let clients: Clients | undefined;
  try {
    await Promise.all(instances.map((instance) => instance.start()));
    balancer = await startBalancer(ports, folder);
    clients = startClients(balancer.origin, clientCount);
    const startedAt = performance.now();
    const durations = await restartAll(instances, balancer);
    await askOn(clients);
    await clients.stop();
    const seconds = (performance.now() - startedAt) / 1_000;
    report(clients.fates, { shop, balancer, durations, seconds });
  } finally {
    await clients?.stop();
    for (const instance of instances) instance.kill();
    await balancer?.stop();
    shop.close();
    rmSync(folder, { recursive: true });
  }
}

/** Each in turn, the next only when the balancer sends it requests again. Milliseconds that each took. */
async function restartAll(instances: readonly Instance[], balancer: Balancer): Promise<readonly number[]> {
  const durations: number[] = [];
  for (let done = 0; done < restarts; done += 1) {
    const index = done % instances.length;
    await isUp(balancer);
    const startedAt = performance.now();
    const code = await instances[index]?.stop();
    if (code !== 0) throw new Error(`an instance ended with ${code}`);
    await instances[index]?.start();
    durations.push(performance.now() - startedAt);
  }
  await isUp(balancer);
  return durations;
}

/** Resolves when all servers are up, and a moment later, in which each gets requests. */
async function isUp(balancer: Balancer): Promise<void> {
  do {
    giveUp.throwIfAborted();
    await wait(checkMs);
  } while ((await balancer.states()).some((state) => state !== 'UP'));
  await wait(checkMs);
}

async function askOn({ fates }: Clients): Promise<void> {
  while (fates.length < leastRequests) {
    giveUp.throwIfAborted();
    await wait(100);
  }
}

interface Circumstances {
  readonly shop: Shop;
  readonly balancer: Balancer;
  readonly durations: readonly number[];
  readonly seconds: number;
}

function report(fates: readonly Fate[], { shop, balancer, durations, seconds }: Circumstances): void {
  const rows = (['GET', 'POST'] as const).map((method) => {
    const of = fates.filter((fate) => fate.method === method);
    const times = of.map(({ ms }) => ms).toSorted((a, b) => a - b);
    const executed = of.map(({ id }) => shop.placed(id));
    return {
      method,
      requests: of.length,
      lost: of.filter(({ lost }) => lost !== undefined).length,
      'done once': method === 'POST' ? executed.filter((count) => count === 1).length : '',
      'done twice': method === 'POST' ? executed.filter((count) => count > 1).length : '',
      'median ms': Math.round(times[Math.floor(times.length / 2)] ?? 0),
      'p99 ms': Math.round(times[Math.floor(times.length * 0.99)] ?? 0),
      'longest ms': Math.round(times.at(-1) ?? 0),
    };
  });
  const lost = fates.filter((fate) => fate.lost !== undefined);
  for (const { id, method, ms, lost: why } of lost.slice(0, shownLost)) {
    console.log(
      `${method} lost after ${Math.round(ms)} ms: ${why}; done ${shop.placed(id)} times; ${balancer.lines(id).join()}`,
    );
  }
  if (lost.length > 0) console.log(balancer.lines('Health check').join('\n'));
  console.log(
    `${durations.length} restarts in ${Math.round(seconds)} s, the longest ${Math.round(Math.max(...durations))} ms;`,
    `workers ${CONFLUO_WORKERS}, drain ${CONFLUO_DRAIN_MS} ms, ${clientCount} clients`,
  );
  console.table(rows);
  const isWhole = rows.every((row) => row.lost === 0 && (row.method === 'GET' || row['done once'] === row.requests));
  if (!isWhole || fates.length < leastRequests) process.exitCode = 1;
}
