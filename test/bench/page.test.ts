import { Check, Parse } from 'typebox/value';
import { expect, test } from 'vitest';
import { createBodies } from '../../bench/bodies.ts';
import { Catalog, Page, Reviews, Stock, toPage } from '../../bench/page.ts';

const bodies = createBodies();
const answers = {
  catalog: Parse(Catalog, JSON.parse(bodies.catalog)),
  reviews: Parse(Reviews, JSON.parse(bodies.reviews)),
  stock: Parse(Stock, JSON.parse(bodies.stock)),
};

test('the page matches its schema and is smaller than what it is made of', () => {
  const page = toPage(answers);
  expect(Check(Page, page)).toBe(true);
  expect(JSON.stringify(page).length).toBeLessThan(bodies.catalog.length / 2);
});

test('a product is available when the stock has a quantity of it', () => {
  const products = answers.catalog.products.slice(0, 3).map((product, index) => ({ ...product, id: index + 1 }));
  const catalog = { total: 3, products };
  const levels = [
    { productId: 1, quantity: 4 },
    { productId: 2, quantity: 0 },
  ];
  expect(toPage({ catalog, reviews: null, stock: { levels } }).products.map(({ available }) => available)).toEqual([
    true,
    false,
    false,
  ]);
});

test('what is missing leaves its place empty', () => {
  const page = toPage({ ...answers, reviews: null, stock: null });
  expect(Check(Page, page)).toBe(true);
  expect(page.stars).toBeNull();
  expect(page.reviews).toEqual([]);
  expect(page.products[0]?.available).toBeNull();
});
