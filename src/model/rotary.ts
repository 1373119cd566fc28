import type { Parameter } from '../runtime/ops.ts';
import type { Runtime } from '../runtime/runtime.ts';

/** How fast the pairs of a head turn with the position. */
export interface RotaryConfig {
  /** Pair i of headDim / 2 turns by theta^(-2 i / headDim) a token (Su et al. 2021). */
  readonly theta: number;
  readonly scaling: RotaryScaling;
}

/** What stretches a trained context, by the names of transformers' `rope_type`. */
export type RotaryScaling =
  | { readonly type: 'default' }
  /** All pairs turn slower by a factor. */
  | { readonly type: 'linear'; readonly factor: number }
  /** Llama 3: slow pairs turn slower by a factor, fast ones as before, with a ramp between. */
  | {
      readonly type: 'llama3';
      readonly factor: number;
      readonly lowFreqFactor: number;
      readonly highFreqFactor: number;
      readonly originalContextLength: number;
    }
  /** Each pair turns slower by a factor of its own, which the file of the weights holds. */
  | { readonly type: 'stored'; readonly name: string };

/**
 * The angle that each pair turns by from one token to the next, in float32 as transformers computes it: [headDim / 2].
 * @param stored the factors of a scaling of type `stored`: [headDim / 2]
 */
export function rotaryFrequencies(
  { theta, scaling }: RotaryConfig,
  headDim: number,
  stored?: Float32Array,
): Float32Array {
  return Float32Array.from({ length: headDim / 2 }, (_, pair) => {
    const frequency = Math.fround(1 / Math.fround(theta ** Math.fround((2 * pair) / headDim)));
    return scaled(frequency, scaling, stored?.[pair] ?? 1);
  }); // [headDim / 2]
}

function scaled(frequency: number, scaling: RotaryScaling, storedFactor: number): number {
  switch (scaling.type) {
    case 'default':
      return frequency;
    case 'linear':
      return frequency / scaling.factor;
    case 'stored':
      return frequency / storedFactor;
    case 'llama3': {
      const { factor, lowFreqFactor, highFreqFactor, originalContextLength } = scaling;
      // How often a pair turns around within the context that it was trained for.
      const numRotations = (originalContextLength * frequency) / (2 * Math.PI);
      if (numRotations < lowFreqFactor) return frequency / factor;
      if (numRotations > highFreqFactor) return frequency;
      const kept = (numRotations - lowFreqFactor) / (highFreqFactor - lowFreqFactor);
      return ((1 - kept) * frequency) / factor + kept * frequency;
    }
  }
}

/**
 * Cosines and sines of every position, as `Rotation.table` has them: [positions * headDim]. Made once, on the
 * processor: a GPU's own sine is wrong by percents at the angles of long contexts.
 */
export function rotationTable(frequencies: Float32Array, numPositions: number): Float32Array {
  const numPairs = frequencies.length;
  const table = new Float32Array(numPositions * 2 * numPairs); // [positions, cosines then sines]
  for (let position = 0; position < numPositions; position++) {
    const row = table.subarray(position * 2 * numPairs, (position + 1) * 2 * numPairs);
    frequencies.forEach((frequency, pair) => {
      const angle = Math.fround(position * frequency);
      row[pair] = Math.cos(angle);
      row[numPairs + pair] = Math.sin(angle);
    });
  }
  return table;
}

/** The table as a vector on a runtime. */
export function createRotationTable(
  runtime: Pick<Runtime, 'createParameter'>,
  name: string,
  frequencies: Float32Array,
  numPositions: number,
): Parameter {
  const table = rotationTable(frequencies, numPositions); // [positions * headDim]
  return runtime.createParameter(name, [table.length], table);
}
