/**
 * Sends every raw request of the corpus through nginx and haproxy, and compares request by request what the proxy says it has
 * passed on with what the server says it has got: the same ids, methods and statuses. A request that only one of them knows was
 * smuggled. Proxies that are not installed are passed over, unless REQUIRE_PROXIES=1.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { corpus } from '../faults/clients/corpus/all.ts';
import { type CorpusRow, get } from '../faults/clients/corpus/row.ts';
import { openRaw } from '../faults/clients/raw.ts';
import { openStage, type Stage } from '../faults/clients/stage.ts';
import { type Forwarded, isInstalled, type ProxyName, proxyNames, type RunningProxy, startProxy } from './proxies.ts';

/** What came out of a group of rows. */
interface Result {
  readonly proxy: ProxyName;
  readonly group: string;
  readonly 'raw requests': number;
  /** Requests that the proxy passed on, and that the server got. */
  readonly forwarded: number;
  readonly received: number;
  /** Requests that reached a route's own code. */
  readonly handled: number;
  readonly disagreements: number;
}

/** After how long all of it is given up, milliseconds. */
const patienceMs = 240_000;

const isNeeded = process.env['REQUIRE_PROXIES'] === '1';
const giveUp = AbortSignal.timeout(patienceMs);
const results: Result[] = [];
for (const name of proxyNames) {
  if (isInstalled(name)) results.push(...(await check(name)));
  else {
    console.log(`${name} is not installed`);
    if (isNeeded) process.exitCode = 1;
  }
}
console.table(results);
if (results.some(({ disagreements }) => disagreements > 0)) process.exitCode = 1;

async function check(name: ProxyName): Promise<readonly Result[]> {
  const folder = mkdtempSync(join(tmpdir(), 'proxies-'));
  const stage = await openStage();
  let proxy: RunningProxy | undefined;
  try {
    proxy = await startProxy(name, stage.port, folder);
    const found: Result[] = [];
    for (const [group, rows] of Object.entries(corpus))
      found.push(await checkGroup({ name, group, rows, stage, proxy }));
    return found;
  } finally {
    await proxy?.stop();
    await stage.close();
    rmSync(folder, { recursive: true });
  }
}

interface Group {
  readonly name: ProxyName;
  readonly group: string;
  readonly rows: readonly CorpusRow[];
  readonly stage: Stage;
  readonly proxy: RunningProxy;
}

async function checkGroup({ name, group, rows, stage, proxy }: Group): Promise<Result> {
  const count = { 'raw requests': rows.length, forwarded: 0, received: 0, handled: 0, disagreements: 0 };
  for (const row of rows) {
    giveUp.throwIfAborted();
    const known = proxy.forwarded().length;
    for (const list of [stage.handled, stage.lines]) list.length = 0;
    await send(proxy.port, row);
    const [forwarded, received] = await settle(() => [proxy.forwarded().slice(known), stage.lines.map(toReceived)]);
    const disagreements = compare(forwarded, received);
    for (const text of disagreements) console.log(`${name}, ${group}, ${row.name}: ${text}`);
    count.forwarded += forwarded.length;
    count.received += received.length;
    count.handled += stage.handled.length;
    count.disagreements += disagreements.length;
  }
  return { proxy: name, group, ...count };
}

/** Sends the bytes and, behind them, a request that closes the connection: whatever hides between is flushed out. */
async function send(port: number, { bytes, isHead = false }: CorpusRow): Promise<void> {
  const client = await openRaw(port, { isHead, patienceMs: 2_500 });
  for (const piece of [bytes].flat()) {
    client.send(piece);
    await wait(5);
  }
  client.send(get('/v1/items/last', 'Connection: close'));
  await client.closed();
  client.end();
}

type Received = Omit<Forwarded, 'method'> & { readonly method: string | undefined };

function toReceived({ requestId, method, status }: Stage['lines'][number]): Received {
  return { id: String(requestId), method: typeof method === 'string' ? method : undefined, status: Number(status) };
}

/** Logs are written a moment later: looks again until both sides are as long, or that takes too long. */
async function settle(read: () => [readonly Forwarded[], readonly Received[]]) {
  let found = read();
  for (let tries = 0; tries < 40 && found[0].length !== found[1].length; tries += 1) {
    await wait(25);
    found = read();
  }
  return found;
}

/** What one side says and the other does not. Bytes that the server could not read have no id: they go by their status. */
function compare(forwarded: readonly Forwarded[], received: readonly Received[]): readonly string[] {
  const left = [...received];
  const take = (fits: (one: Received) => boolean) => {
    const index = left.findIndex(fits);
    if (index !== -1) left.splice(index, 1);
    return index !== -1;
  };
  const byId = forwarded.filter(
    ({ id, method, status }) => !take((one) => one.id === id && one.method === method && one.status === status),
  );
  const missing = byId.filter(({ status }) => !take((one) => one.method === undefined && one.status === status));
  return [
    ...missing.map(({ method, status }) => `the proxy passed on ${method} (${status}), the server did not get it`),
    ...left.map(({ method, status }) => `the server got ${method} (${status}), the proxy did not pass it on`),
  ];
}
