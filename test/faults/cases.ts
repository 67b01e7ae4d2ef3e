import { expect } from 'vitest';
import { defineUpstream, path, type Route, Type } from '../../src/index.ts';
import { type ClientAnswer, get, toEnvelope } from './client.ts';
import { connectMs, deadlines, type Lab, type RunningApp, type Setting, settingsOf, toPayload } from './lab.ts';
import { healthyAnswer, type Place } from './places.ts';
import { report } from './report.ts';
import { type Ending, type Row, statusOf } from './rows/row.ts';

/** One row in one setting, ready to be asked for. */
export interface Case {
  readonly row: Row;
  readonly setting: Setting;
  readonly title: string;
}

/** Every row in the settings it runs in. */
export const toCases = (rows: readonly Row[]): readonly Case[] =>
  rows.flatMap((row, index) =>
    settingsOf(index).map((setting) => ({ row, setting, title: `${row.case} / ${row.name} / ${setting.name}` })),
  );

/** Opens the upstream of a case, and describes the route that uses it. */
export async function openCase(
  { row, setting }: Case,
  id: string,
  lab: Lab,
): Promise<{ readonly place: Place; readonly route: Route }> {
  const place = await row.open();
  const upstream = defineUpstream({ name: id, origin: place.origin, ...row.upstream });
  const provider =
    row.provider?.(upstream) ??
    upstream.provider({ name: 'it', output: Type.Unknown(), request: () => ({ path: path`/` }) });
  return {
    place,
    route: lab.faultyRoute(`/${id}`, setting, provider, { deadline: toDeadline(row.when), input: row.input }),
  };
}

/** Asks while the fault lasts and again when it is over, and holds both answers against what the row expects. */
export async function runCase({ row, setting }: Case, id: string, place: Place, app: RunningApp): Promise<void> {
  const url = `${app.origin}/${id}`;
  const faulty = await get(url);
  const { sources } = toEnvelope(faulty);
  const outcome = sources?.['fault']?.code ?? sources?.['fault']?.status ?? 'none';
  const reason = app.reasonOf(`/${id}`);
  report({
    case: row.case,
    name: row.name,
    setting: setting.name,
    outcome,
    reason,
    status: faulty.status,
    ms: Math.round(faulty.ms),
  });

  const endings: readonly string[] = typeof row.ends === 'string' ? [row.ends] : row.ends;
  expect(endings).toContain(outcome);
  if (row.reason !== undefined) expect(reason).toBe(row.reason);
  expectAnswer(faulty, setting, outcome as Ending, row.bytes); // it is one of the expected
  expectTime(faulty.ms, row.when);
  for (const text of [...(row.hidden ?? []), ...toHosts(place.origin)]) expect(faulty.text).not.toContain(text);
  if (row.retried === false) expect(sources?.['fault']?.attempts).toBeLessThanOrEqual(1);
  if (row.destroyed && place.server)
    expect(await place.server.isEmptyWithin(1_000), 'the connection is destroyed').toBe(true);
  row.check?.(faulty, place.server);

  await place.heal();
  const next = await get(url);
  expectAnswer(next, setting, row.next ?? 'ok', undefined);
}

function expectAnswer(answer: ClientAnswer, setting: Setting, outcome: Ending, bytes: string | undefined): void {
  const { data, complete, sources } = toEnvelope(answer);
  const isOk = outcome === 'ok';
  const fault = sources?.['fault'];
  expect(fault?.code ?? fault?.status).toBe(outcome);
  if (!isOk && !setting.optional) {
    expect(answer.status).toBe(statusOf[outcome]);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(data).toBeUndefined();
    return;
  }
  expect(answer.status).toBe(200);
  expect(complete).toBe(isOk);
  expect(answer.headers['x-aggregate-complete']).toBe(String(isOk));
  if (!isOk) expect(answer.headers['cache-control']).toBe('no-store');
  if (isOk && bytes === undefined) expect(data?.['fault']).toMatchObject(JSON.parse(healthyAnswer));
  const payload = toPayload(setting, isOk ? (bytes ?? toFaultBytes(answer.text)) : 'null');
  expect(answer.text.slice(0, payload.length)).toBe(payload);
  for (const name of setting.sources === 1 ? [] : ['a', 'b', 'c', 'd']) expect(sources?.[name]?.status).toBe('ok');
}

/** The bytes of the faulty source, where any will do. */
const toFaultBytes = (text: string): string => /"fault":(.*?)(?:,"c":|\},"complete")/s.exec(text)?.[1] ?? '';

const toHosts = (origin: Place['origin']): readonly string[] => [origin].flat().map((each) => new URL(each).host);

/** Where nothing should come near the deadline, it is far away. */
const toDeadline = (when: Row['when'] = 'at once'): number =>
  when.endsWith('deadline') ? deadlines.short : deadlines.long;

function expectTime(ms: number, when: Row['when'] = 'at once'): void {
  const earliest = {
    'at once': 0,
    'at the connect limit': connectMs - 20,
    'at the deadline': deadlines.short - 20,
    'by the deadline': 0,
  };
  expect(ms).toBeGreaterThanOrEqual(earliest[when]);
  expect(ms).toBeLessThan(when.endsWith('deadline') ? 3 * deadlines.short : deadlines.long / 2);
}
