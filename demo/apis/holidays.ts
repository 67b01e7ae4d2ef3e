import { countries } from 'countries-list';
import Holidays, { type HolidaysTypes } from 'date-holidays';
import { type Answer, type Api, found, toAspNetProblem } from '../api.ts';

/** Nager.Date v3, `/api/v3/PublicHolidays/{year}/{countryCode}`: the holidays of a whole country, not of its regions. */
export const answerHolidays: Api = ({ pathname }) => {
  const [, yearText = '', codeText = ''] = /^\/api\/v3\/PublicHolidays\/([^/]+)\/([^/]+)$/i.exec(pathname) ?? [];
  const year = Number(yearText);
  const code = codeText.toUpperCase();
  if (yearText !== '' && !(Number.isInteger(year) && year >= 1900 && year <= 2200))
    return toAspNetProblem('year', yearText);
  if (!Object.hasOwn(countries, code)) return { status: 404 };
  return answers.get(`${year}/${code}`) ?? remember(`${year}/${code}`, toAnswer(year, code));
};

/** Computing a year takes up to 60 ms, which would be felt by whatever else runs in this process. */
const answers = new Map<string, Answer>();
const mostAnswers = 2_000;

function remember(key: string, answer: Answer): Answer {
  if (answers.size >= mostAnswers) answers.clear();
  answers.set(key, answer);
  return answer;
}

const supported = new Holidays().getCountries();

function toAnswer(year: number, code: string): Answer {
  // The API knows the country, but has no calendar for it.
  if (!Object.hasOwn(supported, code)) return { status: 204 };
  const calendar = new Holidays(code);
  const local = calendar.getHolidays(year);
  const english = new Map(calendar.getHolidays(year, 'en').map((holiday) => [toKey(holiday), holiday.name]));
  const days = local.flatMap((holiday) =>
    toDates(holiday).map((date) => ({
      date,
      localName: holiday.name,
      name: english.get(toKey(holiday)) ?? holiday.name,
      countryCode: code,
      fixed: /^\d{2}-\d{2}$/.test(holiday.rule),
      global: true,
      counties: null,
      launchYear: null,
      types: [types[holiday.type]],
    })),
  );
  return found(days.sort((a, b) => a.date.localeCompare(b.date)));
}

const toKey = ({ date, rule }: HolidaysTypes.Holiday): string => `${date} ${rule}`;

const types: Readonly<Record<HolidaysTypes.HolidayType, string>> = {
  public: 'Public',
  bank: 'Bank',
  school: 'School',
  optional: 'Optional',
  observance: 'Observance',
};

const dayMs = 86_400_000;

/** One date for each day that it lasts, as the API lists them. A day that changes its length by an hour is a day. */
function toDates({ date, start, end }: HolidaysTypes.Holiday): readonly string[] {
  const first = Date.parse(`${date.slice(0, 10)}T00:00:00Z`);
  const length = Math.max(1, Math.round((end.getTime() - start.getTime()) / dayMs));
  return Array.from({ length }, (_, day) => new Date(first + day * dayMs).toISOString().slice(0, 10));
}
