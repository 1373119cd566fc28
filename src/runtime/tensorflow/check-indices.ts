import { assertInvariant } from '../../errors.ts';
import type { Parameter } from '../ops.ts';

/**
 * That every index is a row of the embedding: a GPU reads zeros for one that is not, without an error.
 * @param rowLength numbers of a row, where a table comes as one vector
 */
export function checkIndices(what: string, indices: Int32Array, embedding: Parameter, rowLength = 1): void {
  const size = (embedding.shape[0] ?? 0) / rowLength;
  for (const index of indices) {
    assertInvariant(
      index >= 0 && index < size,
      `${what} ${index} is one of the ${size} in ${embedding.name}`,
    );
  }
}
