/** The upstreams of the benchmark: three documents that one page is made of. */
export const upstreamNames = ['catalog', 'reviews', 'stock'] as const;
export type UpstreamName = (typeof upstreamNames)[number];

/** Bytes of each upstream's answer. */
export const bodyBytes: Readonly<Record<UpstreamName, number>> = { catalog: 16_384, reviews: 5_120, stock: 1_024 };

/** One JSON document an upstream, of exactly the sizes above. The same on every machine and in every run. */
export function createBodies(): Readonly<Record<UpstreamName, string>> {
  const random = createRandom(20_261_122);
  return {
    catalog: fill(
      bodyBytes.catalog,
      (products) => ({ total: products.length, products, cursor: 'p2' }),
      (i) => product(i, random),
    ),
    reviews: fill(
      bodyBytes.reviews,
      (reviews) => ({ average: 4.2, count: 318, reviews }),
      (i) => review(i, random),
    ),
    stock: fill(
      bodyBytes.stock,
      (levels) => ({ asOf: '2026-11-22T12:00:00.000Z', levels }),
      (i) => level(i, random),
    ),
  };
}

/** One JSON document of exactly so many bytes, for a merge of equal parts. */
export function createPart(bytes: number): string {
  const random = createRandom(bytes);
  return fill(
    bytes,
    (products) => ({ products }),
    (i) => product(i, random),
  );
}

type Random = (below: number) => number;

/** mulberry32: small, seeded, good enough for words and prices. */
function createRandom(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** As many items as fit; `note` takes up the rest, so that the document has exactly the size asked for. */
function fill(bytes: number, wrap: (items: readonly unknown[]) => object, item: (index: number) => unknown): string {
  const write = (items: readonly unknown[], note: string) => JSON.stringify({ ...wrap(items), note });
  const items: unknown[] = [];
  for (;;) {
    const longer = [...items, item(items.length)];
    if (Buffer.byteLength(write(longer, '')) > bytes) break;
    items.push(longer.at(-1));
  }
  return write(items, '.'.repeat(bytes - Buffer.byteLength(write(items, ''))));
}

const nouns = ['chair', 'table', 'lamp', 'shelf', 'bench', 'stool', 'mirror', 'carpet', 'cabinet', 'basket'];
const adjectives = ['oak', 'woven', 'folding', 'painted', 'low', 'round', 'tall', 'walnut', 'linen', 'brass'];
const people = ['Ana', 'Bo', 'Chidi', 'Dörte', 'Elif', 'Farid', 'Grace', 'Håkon'];
const opinions = ['sturdy and light', 'arrived early', 'smaller than it looks', 'exactly as shown', 'the "best" I had'];

const pick = (words: readonly string[], random: Random): string => words[random(words.length)] ?? '';
const day = (random: Random): string => `2026-10-${String(1 + random(28)).padStart(2, '0')}T08:30:00.000Z`;

const product = (index: number, random: Random) => ({
  id: 1000 + index,
  sku: `SKU-${String(random(1_000_000)).padStart(6, '0')}`,
  title: `${pick(adjectives, random)} ${pick(nouns, random)}`,
  brand: pick(people, random),
  description: `A ${pick(adjectives, random)}, ${pick(adjectives, random)} ${pick(nouns, random)} for every room`,
  price: { amount: random(100_000) / 100, currency: 'EUR' },
  tags: [pick(adjectives, random), pick(nouns, random)],
  rating: random(50) / 10,
  active: random(10) > 0,
  image: `/images/${1000 + index}/front.webp`,
  updatedAt: day(random),
});

const review = (index: number, random: Random) => ({
  id: `r${index}`,
  productId: 1000 + random(40),
  author: pick(people, random),
  stars: 1 + random(5),
  title: pick(opinions, random),
  text: `${pick(opinions, random)}, ${pick(opinions, random)}, and ${pick(opinions, random)}`,
  createdAt: day(random),
});

const level = (index: number, random: Random) => ({
  productId: 1000 + 2 * index,
  warehouse: `W${random(4)}`,
  quantity: random(200),
});
