import { expect, it } from 'vitest';
import { defineUpstream, path, type Provider, type Route, Type, type Upstream } from '../../src/index.ts';
import type { StandardOptions } from '../../src/policies/standard.ts';
import { standard } from '../../src/policies/standard.ts';
import { watchDefects } from './cases.ts';
import { get, toEnvelope } from './client.ts';
import { type Lab, type Setting, settings } from './lab.ts';
import type { Place } from './places.ts';
import { type OpenPlace, serving } from './places.ts';
import { type Ending, statusOf } from './rows/row.ts';
import type { Behaviour, FaultServer } from './server.ts';

/** What a story over many requests plays with: one faulty upstream, one app. */
export interface SceneOptions {
  readonly fault: Behaviour | OpenPlace;
  readonly upstream?: { readonly maxBytes?: number; readonly connections?: number; readonly privateAddresses?: boolean };
  /** Default: GET / of anything. */
  readonly provider?: (upstream: Upstream) => Provider<object, unknown>;
  readonly input?: () => object;
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
  ask(): Promise<{ readonly outcome: string; readonly attempts: number; readonly ms: number }>;
}

/** Runs a story, then closes everything: no socket and no unhandled defect may be left. */
export async function play(lab: Lab, setting: Setting, options: SceneOptions, story: (scene: Scene) => Promise<void>): Promise<void> {
  const defects = watchDefects();
  const { fault, provider = toAnything, routes = [] } = options;
  const place = await (typeof fault === 'function' ? fault() : serving(fault)());
  if (!place.server) throw new TypeError('a story needs a fault server');
  const { server } = place;
  const upstream = defineUpstream({ name: 'faulty', origin: place.origin, ...options.upstream });
  const route = lab.route('/story', setting, provider(upstream), options.input);
  const app = await lab.start([route, ...routes], { policies: standard(options.policies) });

  async function ask() {
    const answered = await get(`${app.origin}/story`);
    const fault = toEnvelope(answered).sources?.['fault'];
    const outcome = fault?.code ?? fault?.status ?? 'none';
    const status = setting.optional ? 200 : statusOf[outcome as Ending]; // undefined where it is none of them, which fails
    expect(answered.status).toBe(status);
    return { outcome, attempts: fault?.attempts ?? 0, ms: answered.ms };
  }

  try {
    await story({ place, server, origin: app.origin, ask });
  } finally {
    await app.close();
    defects.stop();
  }
  expect(await server.isEmptyWithin(1_000), 'no socket is left').toBe(true);
  await place.close();
  expect(defects.seen).toEqual([]);
}

const toAnything = (upstream: Upstream): Provider<object, unknown> =>
  upstream.provider({ name: 'it', output: Type.Unknown(), request: () => ({ path: path`/` }) });

let count = 0;

/**
 * A test in every setting; or, for a quick look, in one, and not at all where it takes long.
 */
export function story(name: string, isQuick: boolean, run: (setting: Setting) => Promise<void>, longMs = 0): void {
  count += 1;
  const chosen = isQuick ? settings.filter((_setting, index) => index === count % settings.length) : settings;
  if (isQuick && longMs > 0) return;
  for (const setting of chosen) it(`${name} / ${setting.name}`, () => run(setting), longMs + 10_000);
}
