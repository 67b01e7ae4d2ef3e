import { expect, it } from 'vitest';
import { defineUpstream, type Provider, path, type Route, Type, type Upstream } from '../../src/index.ts';
import { type StandardOptions, standard } from '../../src/policies/standard.ts';
import { get, toEnvelope } from './client.ts';
import { type Lab, type Setting, settingsOf } from './lab.ts';
import { type OpenPlace, type Place, serving } from './places.ts';
import { defects, report } from './report.ts';
import { type Ending, type Expected, statusOf } from './rows/row.ts';
import type { Behaviour, FaultServer } from './server.ts';

/** What a story over many requests plays with: one faulty upstream, one app. */
export interface SceneOptions extends Pick<Expected, 'upstream' | 'provider' | 'input'> {
  readonly fault: Behaviour | OpenPlace;
  /** What differs from the recommended policies. */
  readonly policies?: StandardOptions;
  /** Further routes of the same app. */
  readonly routes?: readonly Route[];
}

/** One faulty upstream, and one app that calls it. */
export interface Scene {
  readonly place: Place;
  readonly server: FaultServer;
  /** Where the app listens. */
  readonly origin: string;
  /** Asks the route with the faulty source, and says how that ended. The client's status must agree. */
  ask(): Promise<string>;
}

let stories = 0;

/** A test of many requests, in the settings it runs in. Those that mostly wait may do so together. */
export function story(
  spec: string,
  name: string,
  run: (setting: Setting) => Promise<void>,
  { waits = false } = {},
): void {
  for (const setting of settingsOf(stories)) {
    (waits ? it.concurrent : it)(
      `${spec} / ${name} / ${setting.name}`,
      async () => {
        const startedAt = performance.now();
        await run(setting);
        report({
          case: spec,
          name,
          setting: setting.name,
          outcome: 'holds',
          ms: Math.round(performance.now() - startedAt),
        });
      },
      60_000,
    );
  }
  stories += 1;
}

/** Opens a scene and closes it again: no socket and nothing unhandled may be left. */
export async function play(
  lab: Lab,
  setting: Setting,
  options: SceneOptions,
  run: (scene: Scene) => Promise<void>,
): Promise<void> {
  const { fault, provider = toAnything, routes = [] } = options;
  const place = await (typeof fault === 'function' ? fault : serving(fault))();
  if (!place.server) throw new TypeError('a story needs a fault server');
  const { server } = place;
  const upstream = defineUpstream({ name: 'faulty', origin: place.origin, ...options.upstream });
  const route = lab.faultyRoute('/fault', setting, provider(upstream), { input: options.input });
  const app = await lab.start([route, ...routes], { policies: standard(options.policies) });
  try {
    await run({ place, server, origin: app.origin, ask: () => ask(`${app.origin}/fault`, setting) });
    await app.close();
    expect(await server.isEmptyWithin(1_000), 'no socket is left').toBe(true);
    expect(defects).toEqual([]);
  } finally {
    await Promise.all([app.close(), place.close()]);
  }
}

async function ask(url: string, { optional }: Setting): Promise<string> {
  const answer = await get(url);
  const fault = toEnvelope(answer).sources?.['fault'];
  const outcome = fault?.code ?? fault?.status ?? 'none';
  expect(answer.status).toBe(optional ? 200 : statusOf[outcome as Ending]); // what is none of them has no status
  return outcome;
}

const toAnything = (upstream: Upstream): Provider<object, unknown> =>
  upstream.provider({ name: 'it', output: Type.Unknown(), request: () => ({ path: path`/` }) });

/** So many at once. */
export const inParallel = <T>(count: number, run: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, () => run()));
