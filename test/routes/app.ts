import { startUpstreams, type UpstreamName, type Upstreams } from '../../demo/upstreams.ts';
import { buildApp } from '../../src/app.ts';
import type { Route } from '../../src/engine/route.ts';

type App = Awaited<ReturnType<typeof buildApp>>['server'];

/** An application of one route over embedded upstreams. */
export interface RouteApp {
  readonly inject: App['inject'];
  /** Makes an upstream behave: `hurt('holidays', 'mode=error')`. */
  readonly hurt: (name: UpstreamName, query: string) => Promise<void>;
  /** Heals all upstreams. */
  readonly heal: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/**
 * Serves a route over the upstreams that it uses. Without policies: their state would let one test's failures decide
 * another's, and they have tests of their own.
 */
export async function startRouteApp(route: Route, names: readonly UpstreamName[]): Promise<RouteApp> {
  const upstreams: Upstreams = await startUpstreams({ names });
  const policies = { provider: [], upstream: [] };
  // Nothing here is about time, so no busy machine shall run out of it.
  const patient: Route = { ...route, options: { ...route.options, deadline: 60_000 } };
  const { server } = await buildApp({ routes: [patient], origins: upstreams.origins, policies });

  async function put(path: string): Promise<void> {
    const { status } = await fetch(upstreams.control + path, { method: 'PUT' });
    if (status !== 200) throw new Error(`the demo control answers ${status} to ${path}`);
  }

  return {
    inject: server.inject.bind(server),
    hurt: (name, query) => put(`/${name}?${query}`),
    heal: () => put('/?mode=ok'),
    close: async () => {
      await server.close();
      await upstreams.close();
    },
  };
}
