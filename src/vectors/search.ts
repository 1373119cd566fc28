import type { InSlices } from '../process/in-slices.ts';
import type { RowProducts } from '../runtime/row-blocks.ts';
import { directionOf, distanceByCosine, exactDistance, normOf } from './metric.ts';
import { NearestCandidates } from './nearest.ts';
import type { Metric } from './vector-types.ts';

/** What is searched. */
export interface Searched {
  readonly metric: Metric;
  readonly dimensions: number;
  readonly products: RowProducts;
  normOf(slot: number): number;
  readValues(firstSlot: number, into: Float32Array): void;
}

export interface Match {
  readonly slot: number;
  readonly distance: number;
}

/** So few are compared exactly at once. */
const FEW = 512;
const MATCHES_PER_SLICE = 256;

/**
 * The nearest of the vectors that the mask has, in order; those of one distance by their slots. By products of rounded
 * numbers it finds which ones may be among them, and orders these by their exact distances.
 */
export function* search(
  searched: Searched,
  query: Float32Array,
  mask: Uint8Array,
  count: number,
): InSlices<Match[]> {
  const numVectors = mask.reduce((sum, isIn) => sum + isIn, 0);
  const slots = numVectors <= FEW ? slotsIn(mask) : yield* candidates(searched, query, mask, count);
  const matches: Match[] = [];
  const values = new Float32Array(searched.dimensions);
  for (const [index, slot] of slots.entries()) {
    if (index % MATCHES_PER_SLICE === MATCHES_PER_SLICE - 1) yield;
    searched.readValues(slot, values);
    matches.push({ slot, distance: exactDistance(searched.metric, values, query) });
  }
  return matches.sort((one, other) => one.distance - other.distance || one.slot - other.slot).slice(0, count);
}

function slotsIn(mask: Uint8Array): number[] {
  const slots: number[] = [];
  for (let slot = mask.indexOf(1); slot !== -1; slot = mask.indexOf(1, slot + 1)) slots.push(slot);
  return slots;
}

function* candidates(
  searched: Searched,
  query: Float32Array,
  mask: Uint8Array,
  count: number,
): InSlices<number[]> {
  const { metric, products } = searched;
  const queryNorm = normOf(query);
  const nearest = new NearestCandidates(count, mask.length);
  for (const { firstRow, products: cosines } of products.productsWith(
    directionOf(query, queryNorm),
    mask.length,
  )) {
    for (let row = 0; row < cosines.length; row++) {
      const slot = firstRow + row;
      if (mask[slot] !== 1) continue;
      const norm = searched.normOf(slot);
      const { distance, maxError } = distanceByCosine(metric, cosines[row] ?? 0, {
        norm,
        queryNorm,
        cosineError: products.maxError,
      });
      nearest.add(slot, distance, maxError);
    }
    yield;
  }
  return nearest.slots();
}
