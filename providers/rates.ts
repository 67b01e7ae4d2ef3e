import { defineUpstream, path, type Static, Type } from '../src/index.ts';

/** Frankfurter v1: what the European Central Bank publishes on working days, for some thirty currencies. */
const rates = defineUpstream({ name: 'rates', origin: 'https://api.frankfurter.dev' });

/** What rates are against where nobody names a currency. */
export const defaultBase = 'EUR';

const codeForm = { pattern: '^[A-Z]{3}$', description: 'ISO 4217.', examples: [defaultBase] };

/** A currency as clients give it. */
export const CurrencyCode = Type.String(codeForm);

/** The same, where they may leave it out. */
export const OptionalBase = Type.Optional(Type.String({ ...codeForm, default: defaultBase }));

const Rates = Type.Object({
  base: Type.String(),
  date: Type.String({ format: 'date', description: 'The working day they are of.' }),
  rates: Type.Record(Type.String(), Type.Number(), { description: 'By ISO 4217 code.' }),
});

/**
 * What one unit of the base costs in every other currency. All of them: asking only for those that a country uses would
 * be a 404 where the bank knows none of them, and no two countries could share an answer.
 */
export const latestRates = rates.provider({
  name: 'latest',
  output: Rates,
  request: ({ base }: { readonly base: string }) => ({ path: path`/v1/latest`, query: { base } }),
});

/** What one unit of the base costs in a currency (ISO 4217); null where the bank does not publish it. */
export function toRate({ base, rates: known }: Static<typeof Rates>, currency: string): number | null {
  if (currency === base) return 1;
  return Object.hasOwn(known, currency) ? (known[currency] ?? null) : null;
}
