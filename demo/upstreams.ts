import type { Api } from './api.ts';
import { citiesApi } from './apis/cities.ts';
import { countriesApi } from './apis/countries.ts';
import { holidaysApi } from './apis/holidays.ts';
import { ratesApi } from './apis/rates.ts';
import { sunApi } from './apis/sun.ts';
import { timezonesApi } from './apis/timezones.ts';
import { createControl } from './control.ts';
import { close, listen, serve } from './server.ts';

/** The names of the embedded upstreams, as in `providers/`. */
export type UpstreamName = keyof typeof apis;

const apis = {
  countries: countriesApi,
  holidays: holidaysApi,
  rates: ratesApi,
  cities: citiesApi,
  sun: sunApi,
  timezones: timezonesApi,
} as const satisfies Readonly<Record<string, Api>>;

/** The ports of `npm start`: the demo control's, then one for each upstream. */
export const fixedPorts: Readonly<Record<string, number>> = { control: 4100, ...portsOf(Object.values(apis)) };
