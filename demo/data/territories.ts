import aliasData from 'cldr-core/supplemental/aliases.json' with { type: 'json' };
import codeData from 'cldr-core/supplemental/codeMappings.json' with { type: 'json' };
import currencyData from 'cldr-core/supplemental/currencyData.json' with { type: 'json' };
import containmentData from 'cldr-core/supplemental/territoryContainment.json' with { type: 'json' };
import infoData from 'cldr-core/supplemental/territoryInfo.json' with { type: 'json' };

// What Unicode CLDR knows of territories. Codes are ISO 3166-1 alpha-2.

/** How many people live there, as last counted or estimated. */
export function populationOf(code: string): number | undefined {
  const population = infos[code]?._population;
  return population === undefined ? undefined : Number(population);
}

/** The three digits of ISO 3166-1. */
export const numericOf = (code: string): string | undefined => codes[code]?._numeric;

/** ISO 4217 codes of what is legal tender today, the one introduced last first. */
export const currenciesOf = (code: string): readonly string[] =>
  (tenders[code] ?? []).flatMap((period) =>
    Object.entries(period).flatMap(([currency, tender]) => (tender && isCurrent(tender) ? [currency] : [])),
  );

/** Continent and part of it (UN M49), in English. */
export function regionsOf(code: string): { readonly region: string; readonly subregion: string } | undefined {
  for (const region of partsOf('001')) {
    const subregion = partsOf(region).find((part) => partsOf(part).includes(code));
    if (subregion) return { region: nameOf(region), subregion: nameOf(subregion) };
  }
  return undefined;
}

/** The three letters of ISO 639-3 for the two of ISO 639-1. */
export const toLongLanguage = (code: string): string => longLanguages.get(code) ?? code;

interface Tender {
  readonly _from?: string;
  readonly _to?: string;
  readonly _tender?: string;
}

const infos: Readonly<Record<string, { readonly _population?: string }>> = infoData.supplemental.territoryInfo;
const codes: Readonly<Record<string, { readonly _numeric?: string; readonly _alpha3?: string }>> =
  codeData.supplemental.codeMappings;
const tenders: Readonly<Record<string, readonly Readonly<Record<string, Tender | undefined>>[]>> =
  currencyData.supplemental.currencyData.region;
const contained: Readonly<Record<string, { readonly _contains: readonly string[] }>> =
  containmentData.supplemental.territoryContainment;
const languageAliases: Readonly<Record<string, { readonly _reason: string; readonly _replacement: string }>> =
  aliasData.supplemental.metadata.alias.languageAlias;

const isCurrent = ({ _to, _tender }: Tender): boolean => _to === undefined && _tender !== 'false';

const partsOf = (code: string): readonly string[] => contained[code]?._contains ?? [];

const names = new Intl.DisplayNames('en', { type: 'region' });
const nameOf = (code: string): string => names.of(code) ?? code;

/** CLDR calls a three-letter code "overlong" where there is one of two letters. */
const longLanguages = new Map(
  Object.entries(languageAliases)
    .filter(([code, { _reason }]) => code.length === 3 && _reason === 'overlong')
    .map(([code, { _replacement }]) => [_replacement, code]),
);
