import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { waitFor } from '../support/process.ts';

const root = join(import.meta.dirname, '../..');
const door = pathToFileURL(join(root, 'src/index.ts')).href;

/** An application whose answers carry the id that was asked for: `GET /v1/orders/:id`, and `POST /v1/orders`. */
const files = {
  'providers/shop.ts': `
    import { defineUpstream, path, Type } from '${door}';
    const shop = defineUpstream({ name: 'shop', origin: 'http://127.0.0.1:9', policies: [] });
    const output = Type.Object({ id: Type.String() });
    export const getOrder = shop.provider({
      name: 'get', output, policies: [], request: ({ id }: { id: string }) => ({ path: path\`/orders/\${id}\` }),
    });
    export const placeOrder = shop.provider({
      name: 'place', output, policies: [], method: 'POST', request: (body: { id: string }) => ({ path: path\`/orders\`, body }),
    });
  `,
  'routes/get-order.ts': `
    import { defineRoute, Type } from '${door}';
    import { getOrder } from '../providers/shop.ts';
    const route = defineRoute({ url: '/v1/orders/:id', summary: 'An order', params: Type.Object({ id: Type.String() }) });
    export default route.merge({ order: route.source(getOrder, { input: ({ params }) => params }) });
  `,
  'routes/place-order.ts': `
    import { defineRoute, Type } from '${door}';
    import { placeOrder } from '../providers/shop.ts';
    const body = Type.Object({ id: Type.String() });
    const route = defineRoute({ method: 'POST', url: '/v1/orders', summary: 'Places an order', body });
    export default route.merge({ order: route.source(placeOrder, { input: ({ body }) => body }) });
  `,
};

/** Writes the application into the folder. */
export function writeApplication(folder: string): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** The upstream of all instances, which keeps a record of what was done. */
export interface Shop {
  readonly origin: string;
  /** How often the order with this id was placed. */
  placed(id: string): number;
  close(): void;
}

/** Takes 5 to 25 ms for most, and up to half a second for one in fifty: whenever an instance is stopped, something runs. */
export async function startShop(): Promise<Shop> {
  const placed = new Map<string, number>();
  const server = createServer(async (request, response) => {
    let id = request.url?.split('/').at(-1);
    if (request.method === 'POST') {
      const body = JSON.parse(Buffer.concat(await request.toArray()).toString()) as { readonly id: string }; // ours
      id = body.id;
      placed.set(id, (placed.get(id) ?? 0) + 1);
    }
    await wait(5 + 20 * Math.random() + (Math.random() < 0.02 ? 475 * Math.random() : 0));
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ id }));
  });
  // Longer than the instances keep theirs: a POST must not meet a connection that is just being closed.
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on TCP
  return {
    origin: `http://127.0.0.1:${port}`,
    placed: (id) => placed.get(id) ?? 0,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** A Confluo that can be stopped and started again on its port. */
export interface Instance {
  start(): Promise<void>;
  /** Sends SIGTERM and resolves with the exit code. */
  stop(): Promise<number | null>;
  kill(): void;
}

/** Runs the application of the folder on this port. What the program writes at level `warn` and above is shown. */
export function createInstance(port: number, cwd: string, settings: Readonly<Record<string, string>>): Instance {
  const env = { PORT: String(port), CONFLUO_LOG_LEVEL: 'warn', ...settings };
  let child: ChildProcess | undefined;
  return {
    async start() {
      child = spawn(process.execPath, [join(root, 'src/main.ts')], {
        cwd,
        env,
        stdio: ['ignore', 'inherit', 'inherit'],
      });
      await waitFor(async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok, child);
    },
    async stop() {
      if (!child) return null;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      const [code] = await exited;
      return code as number | null; // what Node says of the event
    },
    kill: () => void child?.kill('SIGKILL'),
  };
}
