import { appendFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCase, runCase, toCases, watchDefects } from './cases.ts';
import { openLab, type RunningApp } from './lab.ts';
import type { Place } from './places.ts';
import { bodyRows } from './rows/body.ts';
import { toConnectingRows } from './rows/connecting.ts';
import { headerRows } from './rows/headers.ts';
import { overTimeRows } from './rows/over-time.ts';

/** `npm run faults` runs every row in all four settings and collects what came out; without it each runs in one. */
const reportFile = process.env['FAULTS_REPORT'];

const lab = await openLab();
const defects = watchDefects();
const sections = { connecting: toConnectingRows(lab), headers: headerRows, body: bodyRows, 'over time': overTimeRows };

afterAll(async () => {
  await lab.close();
  defects.stop();
});

describe.each(Object.entries(sections))('an upstream that fails, %s', (section, rows) => {
  const cases = toCases(rows, reportFile === undefined).map((each, index) => ({ ...each, id: `${section.replace(' ', '-')}-${index}` }));
  const places = new Map<string, Place>();
  let app: RunningApp;

  beforeAll(async () => {
    const opened = await Promise.all(cases.map((each) => openCase(each, each.id, lab)));
    opened.forEach(({ place }, index) => places.set(cases[index]?.id ?? '', place));
    app = await lab.start(opened.map(({ route }) => route));
  });

  afterAll(async () => {
    await app.close();
    await Promise.all([...places.values()].map(({ close }) => close()));
  });

  for (const each of cases) {
    (each.row.heavy ? it : it.concurrent)(each.title, async () => {
      const place = places.get(each.id);
      if (!place) throw new Error('the case was not opened');
      await runCase(each, `${app.origin}/${each.id}`, place, (finding) => {
        if (reportFile !== undefined) appendFileSync(reportFile, `${JSON.stringify({ section, ...finding })}\n`);
      });
      expect(defects.seen).toEqual([]);
    });
  }

  it('leaves no socket', async () => {
    await app.close();
    const servers = [...places.values()].map(({ server }) => server);
    const left = await Promise.all(servers.map((server) => server?.isEmptyWithin(1_000) ?? true));
    expect(left.filter((isEmpty) => !isEmpty)).toEqual([]);
  });
});
