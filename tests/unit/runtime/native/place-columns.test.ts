import { describe, expect, it } from 'vitest';
import { parseGpt2Config } from '../../../../src/model/gpt2-config.ts';
import { createGpt2Parameters } from '../../../../src/model/gpt2-parameters.ts';
import { Gpt2 } from '../../../../src/model/gpt2.ts';
import { stepValue, StepRecorder, type StepValue } from '../../../../src/runtime/step/step-recorder.ts';
import { liveOperations } from '../../../../src/runtime/step/live-operations.ts';
import { selectEarly } from '../../../../src/runtime/step/select-early.ts';
import { inputsOf, joinProducts } from '../../../../src/runtime/kernels/join-products.ts';
import { placeColumns } from '../../../../src/runtime/kernels/step-program.ts';

const COUNTS = { step: 1, logit: 1 };
const config = parseGpt2Config({
  model_type: 'gpt2',
  vocab_size: 11,
  n_positions: 16,
  n_embd: 8,
  n_layer: 3,
  n_head: 2,
  activation_function: 'gelu_new',
});
const model = new Gpt2(
  config,
  createGpt2Parameters(config, (name, shape) => ({ name, shape })),
);

function recordStep() {
  const cacheShape = { numLayers: 3, numKvHeads: 2, headDim: 4, numPages: 1, maxStepPages: 1 };
  const recorder = new StepRecorder(COUNTS, cacheShape);
  const returned = stepValue(model.forward(recorder));
  const { operations, result } = selectEarly(liveOperations(recorder.operations, returned), returned, COUNTS);
  return { operations: joinProducts(operations, result), plain: operations, result };
}

describe('products', () => {
  it('take in the GELU and the sum that follow them, and nothing else is left out', () => {
    const { operations, plain } = recordStep();
    const count = (kind: string): number => operations.filter((operation) => operation.kind === kind).length;
    expect(count('gelu')).toBe(0);
    expect(count('add')).toBe(0);
    const products = operations.filter((operation) => operation.kind === 'linear');
    expect(products.filter(({ isGelu }) => isGelu)).toHaveLength(3);
    // Behind attention and behind the MLP of each layer.
    expect(products.filter(({ residual }) => residual !== undefined)).toHaveLength(6);
    expect(operations).toHaveLength(plain.length - 3 - 6);
  });

  it('stay as they are where something else reads them, too', () => {
    const recorder = new StepRecorder(COUNTS, {
      numLayers: 1,
      numKvHeads: 1,
      headDim: 4,
      numPages: 1,
      maxStepPages: 1,
    });
    const table = { name: 'table', shape: [4, 8] };
    const weight = { name: 'weight', shape: [8, 8] };
    const product = recorder.linear(recorder.embed(table, undefined), weight, undefined);
    const result = stepValue(recorder.add(product, recorder.gelu(product)));
    const kinds = joinProducts(recorder.operations, result).map(({ kind }) => kind);
    expect(kinds).toEqual(['embed', 'linear', 'gelu', 'add']);
  });
});

describe('columns', () => {
  it('hold a matrix from where it is written to where it is read for the last time', () => {
    const { operations, result } = recordStep();
    const { starts, numCols } = placeColumns(operations, result);
    const columns = { step: new Array<StepValue>(), logit: new Array<StepValue>() };
    for (const operation of operations) {
      for (const value of inputsOf(operation)) {
        const start = starts.get(value) ?? NaN;
        const held = columns[value.rows].slice(start, start + value.numCols);
        expect(held).toHaveLength(value.numCols);
        expect(held.every((holder) => holder === value)).toBe(true);
      }
      const { result: written } = operation;
      if (written === result) continue;
      const start = starts.get(written) ?? NaN;
      expect(start % 16).toBe(0);
      expect(start + written.numCols).toBeLessThanOrEqual(numCols[written.rows]);
      for (let col = start; col < start + written.numCols; col++) columns[written.rows][col] = written;
    }
    // Far fewer than all matrices side by side.
    expect(numCols.step).toBeLessThan(6 * 32);
  });
});
