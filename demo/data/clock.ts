/** Whether the platform knows the IANA time zone. */
export function isTimeZone(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone });
    return true;
  } catch {
    return false;
  }
}

/** The offset of a time zone to UTC at a moment, in seconds. */
export function toOffsetSeconds(timeZone: string, at: Date): number {
  const name =
    formatterOf(timeZone)
      .formatToParts(at)
      .find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours, minutes = '0', seconds = '0'] = /^GMT([+-])(\d+):?(\d+)?:?(\d+)?$/.exec(name) ?? [];
  const total = Number(hours ?? 0) * 3600 + Number(minutes) * 60 + Number(seconds);
  return sign === '-' ? -total : total;
}

/** The wall clock of a time zone at a moment, `2026-02-06T06:32:46`, without its offset. */
export const toLocalTime = (at: Date, offsetSeconds: number): string =>
  new Date(at.getTime() + offsetSeconds * 1000).toISOString().slice(0, 19);

/** An offset as ISO 8601 writes it: `+13:00`. */
export function toOffsetText(offsetSeconds: number): string {
  const minutes = Math.abs(Math.trunc(offsetSeconds / 60));
  const pad = (value: number) => String(value).padStart(2, '0');
  return `${offsetSeconds < 0 ? '-' : '+'}${pad(Math.trunc(minutes / 60))}:${pad(minutes % 60)}`;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const formatter = formatters.get(timeZone) ?? new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
  formatters.set(timeZone, formatter);
  return formatter;
}
