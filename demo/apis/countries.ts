import { getTimezonesForCountry } from 'countries-and-timezones';
import { continents, getCountryDataList, getEmojiFlag, type ICountryData, languages } from 'countries-list';
import { currencies } from 'countries-list/currencies';
import { type Api, found } from '../api.ts';
import { capitalOf } from '../data/places.ts';
import { currenciesOf, numericOf, populationOf, regionsOf, toLongLanguage } from '../data/territories.ts';

/**
 * REST Countries v3.1, `/v3.1/alpha/{code}`. Fields that no data set has (official names, borders, area, the driving
 * side, ...) are left out.
 */
export const answerCountries: Api = ({ pathname }) => {
  const code = /^\/v3\.1\/alpha\/([^/]+)\/?$/.exec(pathname)?.[1] ?? '';
  if (code.length < 2 || code.length > 3) return { status: 400, body: { status: 400, message: 'Bad Request' } };
  const country = byCode.get(code.toUpperCase());
  return country ? found([toCountry(country)]) : { status: 404, body: { status: 404, message: 'Not Found' } };
};

/** By all three codes of ISO 3166-1; what has no number there (Ascension, for one) is no country to the API. */
const byCode = new Map(
  getCountryDataList().flatMap((country) => {
    const number = numericOf(country.iso2);
    return number === undefined ? [] : [country.iso2, country.iso3, number].map((code) => [code, country] as const);
  }),
);

function toCountry({ iso2, iso3, name, native, phone, continent, capital, languages: spoken }: ICountryData) {
  const place = capitalOf(iso2);
  const root = String(phone[0]).slice(0, 1);
  const nativeName = spoken.slice(0, 1).map((code) => [toLongLanguage(code), { common: native }] as const);
  return {
    name: { common: name, nativeName: Object.fromEntries(nativeName) },
    cca2: iso2,
    ccn3: numericOf(iso2),
    cca3: iso3,
    currencies: Object.fromEntries(currenciesOf(iso2).flatMap(toCurrency)),
    idd: { root: `+${root}`, suffixes: phone.map((number) => String(number).slice(1)) },
    capital: capital ? [capital] : [],
    ...regionsOf(iso2),
    languages: Object.fromEntries(spoken.map((code) => [toLongLanguage(code), languages[code].name])),
    flag: getEmojiFlag(iso2),
    population: populationOf(iso2),
    timezones: toTimeZones(iso2),
    continents: [continents[continent]],
    capitalInfo: place ? { latlng: [place.latitude, place.longitude] } : {},
  };
}

const currencyNames = new Map(Object.entries(currencies));

function toCurrency(code: string) {
  const currency = currencyNames.get(code);
  return currency ? [[code, { name: currency.name, symbol: currency.symbol }] as const] : [];
}

/** Standard offsets from west to east, as the API writes them: `UTC-03:30`, and `UTC` for none. */
function toTimeZones(code: string): readonly string[] {
  const zones = [...(getTimezonesForCountry(code) ?? [])].sort((a, b) => a.utcOffset - b.utcOffset);
  return [...new Set(zones.map(({ utcOffset, utcOffsetStr }) => (utcOffset === 0 ? 'UTC' : `UTC${utcOffsetStr}`)))];
}
