import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runToEnd } from '../../../src/process/in-slices.ts';
import { PlainRowProducts } from '../../../src/runtime/plain-row-products.ts';
import type { RowProducts } from '../../../src/runtime/row-blocks.ts';
import { loadRowProducts } from '../../../src/runtime/row-products.ts';
import { directionOf, exactDistance, normOf, scoreOf } from '../../../src/vectors/metric.ts';
import { search } from '../../../src/vectors/search.ts';
import { METRICS, type Metric } from '../../../src/vectors/vector-types.ts';

const createProducts = loadRowProducts({ native: true, numThreads: 2 });

/** Uniform numbers, the same for a seed. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Case {
  readonly vectors: readonly Float32Array[];
  readonly query: Float32Array;
  readonly mask: Uint8Array;
}

const found = (
  metric: Metric,
  products: RowProducts,
  { vectors, query, mask }: Case,
  count: number,
): number[] => {
  const norms = vectors.map((vector) => normOf(vector));
  vectors.forEach((vector, slot) => products.set(slot, directionOf(vector)));
  const searched = {
    metric,
    dimensions: query.length,
    products,
    normOf: (slot: number) => norms[slot] ?? -1,
    readValues: (slot: number, into: Float32Array) => into.set(vectors[slot] ?? []),
  };
  return runToEnd(search(searched, query, mask, count)).map(({ slot }) => slot);
};

/** By comparing with each. */
const byForce = (metric: Metric, { vectors, query, mask }: Case, count: number): number[] =>
  vectors
    .map((vector, slot) => ({ slot, distance: exactDistance(metric, vector, query) }))
    .filter(({ slot }) => mask[slot] === 1)
    .sort((one, other) => one.distance - other.distance || one.slot - other.slot)
    .slice(0, count)
    .map(({ slot }) => slot);

/** Vectors so near to each other that float16 does not tell them apart, and some that are far longer or zeros. */
function nearCase(seed: number, numVectors: number, dimensions: number): Case {
  const next = generator(seed);
  const center = Float32Array.from({ length: dimensions }, () => next() - 0.5);
  const scale = 10 ** (next() * 8 - 4);
  const spread = 10 ** (-1 - 5 * next());
  const vectors = Array.from({ length: numVectors }, () => {
    const kind = next();
    if (kind < 0.01) return new Float32Array(dimensions);
    const length = kind < 0.2 ? scale * 1000 : scale;
    return center.map((value) => length * (value + spread * (next() - 0.5)));
  });
  const query = center.map((value) => 7 * (value + spread * (next() - 0.5)));
  return { vectors, query, mask: Uint8Array.from(vectors, () => (next() < 0.9 ? 1 : 0)) };
}

describe.each([
  ['native', createProducts],
  ['plain', (dimensions: number) => new PlainRowProducts(dimensions)],
] as const)('a search by %s products', (_, create) => {
  it.each(METRICS)('finds by %s what comparing with each finds', (metric) => {
    for (let seed = 0; seed < 12; seed++) {
      const dimensions = [3, 8, 17, 64][seed % 4] ?? 3;
      const one = nearCase(seed, 1500, dimensions);
      const products = create(dimensions);
      expect(found(metric, products, one, 20)).toEqual(byForce(metric, one, 20));
      products.free();
    }
  });

  it('is off by no more than it says', () => {
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(1, 5, 33, 384, 1536), (seed, dimensions) => {
        const next = generator(seed);
        const products = create(dimensions);
        // Some numbers are so small that float16 has no digits left for them.
        const random = (): Float32Array =>
          directionOf(Float32Array.from({ length: dimensions }, () => (next() - 0.5) * 10 ** (-6 * next())));
        const rows = Array.from({ length: 600 }, random);
        const query = random();
        rows.forEach((row, index) => products.set(index, row));
        for (const { firstRow, products: found } of products.productsWith(query, rows.length)) {
          for (const [index, product] of found.entries()) {
            const exact = (rows[firstRow + index] ?? new Float32Array()).reduce(
              (sum, value, k) => sum + value * (query[k] ?? 0),
              0,
            );
            expect(Math.abs(product - exact)).toBeLessThanOrEqual(products.maxError);
          }
        }
        products.free();
      }),
      { numRuns: 20 },
    );
  });
});

it('is native where the tests run', () => {
  const products = createProducts(4);
  expect(products.constructor.name).toBe('KernelRowProducts');
  products.free();
});

it('scores as Cloudflare documents them', () => {
  const [one, other] = [Float32Array.of(3, 4), Float32Array.of(6, 8)];
  const score = (metric: Metric): number => scoreOf(metric, exactDistance(metric, one, other));
  expect(score('cosine')).toBe(1);
  expect(score('euclidean')).toBe(5);
  expect(score('dot-product')).toBe(-50);
  expect(scoreOf('cosine', exactDistance('cosine', new Float32Array(2), other))).toBe(0);
});
