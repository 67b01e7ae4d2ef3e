import { type Static, type TSchema, Type } from 'typebox';

/** What the typed merge reads of each upstream's answer; the documents hold more. */
export const Catalog = Type.Object({
  total: Type.Integer(),
  products: Type.Array(
    Type.Object({
      id: Type.Integer(),
      title: Type.String(),
      price: Type.Object({ amount: Type.Number(), currency: Type.String() }),
      rating: Type.Number(),
      image: Type.String(),
    }),
  ),
});

export const Reviews = Type.Object({
  average: Type.Number(),
  count: Type.Integer(),
  reviews: Type.Array(Type.Object({ author: Type.String(), stars: Type.Integer(), title: Type.String() })),
});

export const Stock = Type.Object({
  levels: Type.Array(Type.Object({ productId: Type.Integer(), quantity: Type.Integer() })),
});

// A list of types: a union would make Fastify's serialiser validate each value to find out which one it is.
const booleanOrNull = Type.Unsafe<boolean | null>({ type: ['boolean', 'null'] });
const numberOrNull = Type.Unsafe<number | null>({ type: ['number', 'null'] });

const listOrNull = <S extends TSchema>(items: S) => Type.Unsafe<Static<S>[] | null>({ type: ['array', 'null'], items });

/** The payload of the typed merge. */
export const Page = Type.Object({
  total: Type.Integer(),
  products: Type.Array(
    Type.Object({
      id: Type.Integer(),
      title: Type.String(),
      price: Type.String(),
      rating: Type.Number(),
      image: Type.String(),
      available: booleanOrNull,
    }),
  ),
  stars: numberOrNull,
  reviews: Type.Array(Type.Object({ author: Type.String(), stars: Type.Integer(), title: Type.String() })),
});

/** The payload of the declared merge: fields dropped, renamed and hoisted, nothing computed. */
export const Listing = Type.Object({
  total: Type.Integer(),
  products: Type.Array(
    Type.Object({
      id: Type.Integer(),
      name: Type.String(),
      amount: Type.Number(),
      currency: Type.String(),
      rating: Type.Number(),
      image: Type.String(),
    }),
  ),
  stars: numberOrNull,
  reviews: listOrNull(Type.Object({ author: Type.String(), stars: Type.Integer(), title: Type.String() })),
  stock: listOrNull(Type.Object({ productId: Type.Integer(), quantity: Type.Integer() })),
});

/** The answers the page is made of; all but the catalogue may be missing. */
export interface Answers {
  readonly catalog: Static<typeof Catalog>;
  readonly reviews: Static<typeof Reviews> | null;
  readonly stock: Static<typeof Stock> | null;
}

/** The mapping of the typed merge. All servers use this one, so that it is no part of the comparison. */
export function toPage({ catalog, reviews, stock }: Answers): Static<typeof Page> {
  const quantities = stock && new Map(stock.levels.map(({ productId, quantity }) => [productId, quantity]));
  return {
    total: catalog.total,
    products: catalog.products.map(({ id, title, price, rating, image }) => ({
      id,
      title,
      price: `${price.amount} ${price.currency}`,
      rating,
      image,
      available: quantities && (quantities.get(id) ?? 0) > 0,
    })),
    stars: reviews?.average ?? null,
    reviews: reviews?.reviews.slice(0, 5).map(({ author, stars, title }) => ({ author, stars, title })) ?? [],
  };
}

/** What the declared merge says, by hand. */
export const toListing = ({ catalog, reviews, stock }: Answers): Static<typeof Listing> => ({
  total: catalog.total,
  products: catalog.products.map(({ id, title, price, rating, image }) => ({
    id,
    name: title,
    amount: price.amount,
    currency: price.currency,
    rating,
    image,
  })),
  stars: reviews?.average ?? null,
  reviews: reviews?.reviews.map(({ author, stars, title }) => ({ author, stars, title })) ?? null,
  stock: stock?.levels.map(({ productId, quantity }) => ({ productId, quantity })) ?? null,
});
