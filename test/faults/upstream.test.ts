import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCase, runCase, toCases } from './cases.ts';
import { connectMs, openLab, type RunningApp } from './lab.ts';
import type { Place } from './places.ts';
import { defects } from './report.ts';
import { bodyRows } from './rows/body.ts';
import { toConnectingRows } from './rows/connecting.ts';
import { headerRows } from './rows/headers.ts';
import { overTimeRows } from './rows/over-time.ts';
import type { Row } from './rows/row.ts';

const lab = await openLab();
afterAll(() => lab.close());

const connecting = toConnectingRows(lab);
const isAtLimit = ({ when }: Row) => when === 'at the connect limit';
const sections = {
  connecting: connecting.filter((row) => !isAtLimit(row)),
  'connect-limit': connecting.filter(isAtLimit),
  headers: headerRows,
  body: bodyRows,
  'over-time': overTimeRows,
};

describe.each(Object.entries(sections))('an upstream that fails, %s', (section, rows) => {
  const cases = toCases(rows).map((each, index) => ({ ...each, id: `${section}-${index}` }));
  const places = new Map<string, Place>();
  let app: RunningApp;

  beforeAll(async () => {
    const opened = await Promise.all(cases.map((each) => openCase(each, each.id, lab)));
    opened.forEach(({ place }, index) => places.set(cases[index]?.id ?? '', place));
    const routes = opened.map(({ route }) => route);
    app = await lab.start(routes, section === 'connect-limit' ? { transport: { connectMs } } : {});
  });

  afterAll(async () => {
    await Promise.all([...places.values()].map(({ close }) => close()));
  });

  for (const each of cases) {
    (each.row.heavy ? it : it.concurrent)(each.title, async () => {
      const place = places.get(each.id);
      if (!place) throw new Error('the case was not opened');
      await runCase(each, each.id, place, app);
      expect(defects).toEqual([]);
    });
  }

  it('leaves no socket', async () => {
    await app.close();
    const servers = [...places.values()].flatMap(({ server }) => server ?? []);
    const areEmpty = await Promise.all(servers.map((server) => server.isEmptyWithin(1_000)));
    expect(areEmpty).not.toContain(false);
  });
});
