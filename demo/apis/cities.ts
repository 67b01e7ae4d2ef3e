import { countries, type TCountryCode } from 'countries-list';
import timeZoneAt from 'tz-lookup';
import { type Answer, type Api, found, toNumber } from '../api.ts';
import { type Place, searchPlaces } from '../data/places.ts';

/**
 * Open-Meteo's geocoding, `/v1/search`, over GeoNames. Names are English only, and elevation, administrative areas and
 * postcodes are missing: the data set has none.
 */
export const answerCities: Api = ({ pathname, searchParams }) => {
  if (pathname !== '/v1/search') return toError(404, 'Not Found');
  const name = searchParams.get('name');
  if (name === null) return toError(400, "Value required for key 'name'.");
  const count = searchParams.has('count') ? toNumber(searchParams.get('count'), 1, 100) : 10;
  if (count === undefined || !Number.isInteger(count)) {
    return toError(400, 'Parameter count must be between 1 and 100.');
  }
  const startedAt = performance.now();
  const country = searchParams.get('countryCode');
  // The API counts first and filters by country afterwards, and so does this.
  const places = searchPlaces(name, count).filter((place) => country === null || place.country === country);
  const generationtime_ms = performance.now() - startedAt;
  return found(places.length === 0 ? { generationtime_ms } : { results: places.map(toResult), generationtime_ms });
};

const toError = (status: number, reason: string): Answer => ({ status, body: { error: true, reason } });

const toResult = ({ id, name, latitude, longitude, featureCode, country, population }: Place) => ({
  id,
  name,
  latitude,
  longitude,
  feature_code: featureCode,
  country_code: country,
  timezone: timeZoneAt(latitude, longitude),
  // Empty fields are not returned.
  ...(population > 0 ? { population } : {}),
  ...(Object.hasOwn(countries, country) ? { country: countries[country as TCountryCode].name } : {}), // just asked
});
