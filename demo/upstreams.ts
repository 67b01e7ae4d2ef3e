import type { Api } from './api.ts';
import { answerCities } from './apis/cities.ts';
import { answerCountries } from './apis/countries.ts';
import { answerHolidays } from './apis/holidays.ts';
import { answerRates } from './apis/rates.ts';
import { answerSun } from './apis/sun.ts';
import { answerTimezones } from './apis/timezones.ts';
import { createControl } from './control.ts';
import { close, listen, serve } from './server.ts';

const apis = {
  countries: answerCountries,
  holidays: answerHolidays,
  rates: answerRates,
  cities: answerCities,
  sun: answerSun,
  timezones: answerTimezones,
} as const satisfies Readonly<Record<string, Api>>;

/** The names of the embedded upstreams, as in `providers/`. */
export type UpstreamName = keyof typeof apis;

/** All of them. */
export const upstreamNames = Object.keys(apis) as readonly UpstreamName[]; // a literal has no other keys

/** What has a port: the upstreams and the demo control. */
type PortName = UpstreamName | 'control';

/** The ports of `npm start`. */
export const fixedPorts: Readonly<Record<PortName, number>> = {
  control: 4100,
  countries: 4101,
  holidays: 4102,
  rates: 4103,
  cities: 4104,
  sun: 4105,
  timezones: 4106,
};

/** Where the embedded upstreams listen. */
export interface UpstreamsOptions {
  /** Default loopback. */
  readonly host?: string;
  /** Default any free port; a port that is taken becomes a free one. */
  readonly ports?: Readonly<Partial<Record<PortName, number>>>;
  /** Which of them. Default all. */
  readonly names?: readonly UpstreamName[];
}

/** Embedded upstreams that listen. They never keep the process alive. */
export interface Upstreams {
  /** `http://127.0.0.1:4101`, by the name of the upstream. */
  readonly origins: Readonly<Record<string, string>>;
  /** Where the demo control listens (`control.ts`). */
  readonly control: string;
  readonly close: () => Promise<void>;
}

/** Starts the embedded upstreams and their control. */
export async function startUpstreams(options: UpstreamsOptions = {}): Promise<Upstreams> {
  const { host = '127.0.0.1', ports = {}, names = upstreamNames } = options;
  const upstreams = await Promise.all(names.map((name) => serve(name, apis[name], host, ports[name] ?? 0)));
  const server = createControl(upstreams);
  const control = await listen(server, host, ports.control ?? 0);
  return {
    origins: Object.fromEntries(upstreams.map(({ name, origin }) => [name, origin])),
    control,
    close: async () => {
      await Promise.all([close(server), ...upstreams.map((upstream) => upstream.close())]);
    },
  };
}
