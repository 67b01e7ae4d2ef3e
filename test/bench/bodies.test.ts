import { Check } from 'typebox/value';
import { expect, test } from 'vitest';
import { bodyBytes, createBodies, upstreamNames } from '../../bench/bodies.ts';
import { Catalog, Reviews, Stock } from '../../bench/page.ts';

test.each(upstreamNames)('%s has exactly the size that the benchmark names', (name) => {
  expect(Buffer.byteLength(createBodies()[name])).toBe(bodyBytes[name]);
});

test('the documents are the same every time', () => {
  expect(createBodies()).toEqual(createBodies());
});

test('the documents are what the typed merge expects', () => {
  const { catalog, reviews, stock } = createBodies();
  expect(Check(Catalog, JSON.parse(catalog))).toBe(true);
  expect(Check(Reviews, JSON.parse(reviews))).toBe(true);
  expect(Check(Stock, JSON.parse(stock))).toBe(true);
});

test('the largest document holds many items, with fields that the typed merge does not know', () => {
  const { catalog } = createBodies();
  expect(catalog.match(/"description":/g)?.length).toBeGreaterThan(30);
  expect(JSON.stringify(Catalog)).not.toContain('description');
});
