import euro from '@fawazahmed0/currency-api/v1/currencies/eur.json' with { type: 'json' };
import { type Answer, type Api, found } from '../api.ts';

/** Frankfurter v1, `/v1/latest` with `base` and `symbols`: the currencies that the European Central Bank publishes. */
export const answerRates: Api = ({ pathname, searchParams }) => {
  if (pathname !== '/v1/latest') return notFound;
  const asked = searchParams.get('base')?.toUpperCase();
  const symbols = searchParams.get('symbols')?.toUpperCase().split(',');
  if (symbols?.length === 1 && symbols[0] === asked) return { status: 422, body: { message: 'bad currency pair' } };
  const base = asked ?? 'EUR';
  const wanted = currencies.filter((code) => code !== base && (!symbols || symbols.includes(code)));
  if (!currencies.includes(base) || wanted.length === 0) return notFound;
  const rates = wanted.map((code) => [code, round(inEuro(code) / inEuro(base))] as const);
  return found({ amount: 1, base, date: euro.date, rates: Object.fromEntries(rates) });
};

const notFound: Answer = { status: 404, body: { message: 'not found' } };

/** What the bank publishes since Bulgaria has the euro (2026), and the euro itself. */
const currencies = (
  'AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD HUF IDR ILS INR ISK JPY ' +
  'KRW MXN MYR NOK NZD PHP PLN RON SEK SGD THB TRY USD ZAR'
).split(' ');

const values = new Map(Object.entries(euro.eur));
const inEuro = (code: string): number => values.get(code.toLowerCase()) ?? Number.NaN;

/** Decimals as Frankfurter gives them: the larger the rate, the fewer. */
function round(rate: number): number {
  const steps = [
    [5000, 0],
    [80, 2],
    [20, 3],
    [1, 4],
    [0.0001, 5],
  ] as const;
  const [, decimals] = steps.find(([above]) => rate > above) ?? [0, 6];
  return Number(rate.toFixed(decimals));
}
