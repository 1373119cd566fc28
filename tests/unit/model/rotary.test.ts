import { describe, expect, it } from 'vitest';
import { rotaryOf, type RopeFields } from '../../../src/model/hub-decoder-fields.ts';
import { createRotationTable, rotaryFrequencies, rotationTable } from '../../../src/model/rotary.ts';
import { expectRelativelyClose, maxAbsDifference } from '../../support/compare.ts';
import { readJsonFixture } from '../../support/fixtures.ts';

/** By transformers, of the heads and the theta of Llama 3.2: scripts/goldens/published_configs.py. */
interface Golden {
  scaling: RopeFields | null;
  frequencies: number[];
  positions: number[];
  cos: number[][];
  sin: number[][];
}

const GOLDENS = readJsonFixture('rotary.json') as Record<string, Golden>;
const THETA = 500_000;
const HEAD_DIM = 64;

describe.each(Object.entries(GOLDENS))('rotary positions, %s', (_, golden) => {
  const { scaling, frequencies, positions, cos, sin } = golden;

  it("turn by transformers' angles", () => {
    const found = rotaryFrequencies(rotaryOf({ rope_scaling: scaling }, undefined, THETA), HEAD_DIM); // [headDim / 2]
    expect(found).toHaveLength(HEAD_DIM / 2);
    expectRelativelyClose(found, frequencies, 1e-6);
  });

  it('have its cosines and sines at every position, far ones too', () => {
    const table = rotationTable(Float32Array.from(frequencies), Math.max(...positions) + 1); // [positions, headDim]
    for (const [index, position] of positions.entries()) {
      const row = table.subarray(position * HEAD_DIM, (position + 1) * HEAD_DIM); // [headDim]
      const expected = [...(cos[index] ?? []), ...(sin[index] ?? [])];
      expect(maxAbsDifference(row, expected), `position ${position}`).toBeLessThan(1e-6);
    }
  });
});

describe('rotary positions', () => {
  it('turn slower by the factors that a file holds, each pair by its own', () => {
    const plain = rotaryFrequencies({ theta: THETA, scaling: { type: 'default' } }, 8); // [4]
    const factors = Float32Array.of(1, 2, 4, 8); // [4]
    const scaled = rotaryFrequencies({ theta: THETA, scaling: { type: 'stored', name: 'f' } }, 8, factors); // [4]
    expect([...scaled]).toEqual([...plain].map((frequency, pair) => Math.fround(frequency / 2 ** pair)));
  });

  it('are one vector on a runtime: a row a position', () => {
    const created: { name: string; shape: readonly number[]; values: Float32Array }[] = [];
    const runtime = {
      createParameter: (name: string, shape: readonly number[], values: Float32Array) => {
        created.push({ name, shape, values });
        return { name, shape };
      },
    };
    const frequencies = Float32Array.of(1, 0.5); // [2]
    createRotationTable(runtime, 'rotation 0', frequencies, 3);
    expect(created).toEqual([{ name: 'rotation 0', shape: [12], values: rotationTable(frequencies, 3) }]);
  });
});
