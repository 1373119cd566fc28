import { assertInvariant } from '../../errors.ts';
import type { Parameter } from '../ops.ts';

/** That every index is a row of the embedding: a GPU reads zeros for one that is not, without an error. */
export function checkIndices(what: string, indices: Int32Array, embedding: Parameter): void {
  const [size = 0] = embedding.shape;
  for (const index of indices) {
    assertInvariant(
      index >= 0 && index < size,
      `${what} ${index} is one of the ${size} in ${embedding.name}`,
    );
  }
}
