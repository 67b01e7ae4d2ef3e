import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

/** What became of a request. */
export interface Fate {
  readonly id: string;
  readonly method: 'GET' | 'POST';
  readonly ms: number;
  /** Why it is lost; undefined where its own answer came complete. */
  readonly lost: string | undefined;
}

/** Clients that run. */
export interface Clients {
  readonly fates: readonly Fate[];
  /** No more requests; resolves when those under way have their fate. */
  stop(): Promise<void>;
}

/** How long a request may take, milliseconds. */
const patienceMs = 10_000;

/** Each client keeps one connection, on which it asks, pauses up to 20 ms and asks again: GET and POST in turn, nothing twice. */
export function startClients(origin: string, count: number): Clients {
  const fates: Fate[] = [];
  let isStopped = false;
  const run = async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let sent = 0; !isStopped; sent += 1) {
      fates.push(await ask(origin, sent % 2 === 0 ? 'GET' : 'POST', agent));
      await wait(20 * Math.random());
    }
    agent.destroy();
  };
  const running = Array.from({ length: count }, run);
  return {
    fates,
    async stop() {
      isStopped = true;
      await Promise.all(running);
    },
  };
}

async function ask(origin: string, method: Fate['method'], agent: Agent): Promise<Fate> {
  const id = randomUUID();
  const startedAt = performance.now();
  const lost = await exchange(origin, { id, method, agent })
    .then(({ status, text }) => (status === 200 && isAnswerTo(id, text) ? undefined : `${status} ${text}`))
    .catch((error: unknown) => String(error));
  return { id, method, ms: performance.now() - startedAt, lost };
}

function isAnswerTo(id: string, text: string): boolean {
  const { data } = JSON.parse(text) as { readonly data?: { readonly order?: { readonly id?: string } } }; // or undefined
  return data?.order?.id === id;
}

type Question = Pick<Fate, 'id' | 'method'> & { readonly agent: Agent };

function exchange(origin: string, { id, method, agent }: Question) {
  const { promise, resolve, reject } = Promise.withResolvers<{ readonly status: number; readonly text: string }>();
  const headers = { 'x-request-id': id, ...(method === 'POST' && { 'content-type': 'application/json' }) };
  const url = `${origin}/v1/orders${method === 'GET' ? `/${id}` : ''}`;
  const outgoing = request(url, { method, agent, headers, timeout: patienceMs }, async (response) => {
    try {
      const text = Buffer.concat(await response.toArray())
        .toString()
        .replaceAll(/\s+/g, ' ');
      resolve({ status: response.statusCode ?? 0, text });
    } catch (error) {
      reject(error);
    }
  });
  outgoing.on('error', reject);
  outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${patienceMs} ms`)));
  outgoing.end(method === 'POST' ? JSON.stringify({ id }) : undefined);
  return promise;
}
