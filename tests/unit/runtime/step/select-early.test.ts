import { describe, expect, it } from 'vitest';
import { parseGpt2Config } from '../../../../src/model/gpt2-config.ts';
import { createGpt2Parameters } from '../../../../src/model/gpt2-parameters.ts';
import { Gpt2 } from '../../../../src/model/gpt2.ts';
import { operandsOf } from '../../../../src/runtime/step/live-operations.ts';
import { recordForward } from '../../../../src/runtime/step/record-forward.ts';
import type { Activation, TransformerOps } from '../../../../src/runtime/ops.ts';

const COUNTS = { step: 7, logit: 2 };
const config = parseGpt2Config({
  model_type: 'gpt2',
  vocab_size: 11,
  n_positions: 16,
  n_embd: 8,
  n_layer: 2,
  n_head: 2,
  activation_function: 'gelu_new',
});
const parameters = createGpt2Parameters(config, (name, shape) => ({ name, shape }));
const model = new Gpt2(config, parameters);

function recordAndSelect(forward: (ops: TransformerOps) => Activation) {
  const cacheShape = { numLayers: 2, numKvHeads: 2, headDim: 4, numPages: 1, maxStepPages: 1 };
  return recordForward(forward, COUNTS, cacheShape);
}

describe('selecting rows early', () => {
  it('leaves two selections behind the last attention, and what follows for the wanted rows alone', () => {
    const { operations, result } = recordAndSelect((ops) => model.forward(ops));
    const last = operations.findLastIndex(({ kind }) => kind === 'attention');
    expect(operations.slice(0, last + 1).every((operation) => operation.result.rows === 'step')).toBe(true);
    const behind = operations.slice(last + 1);
    expect(behind.every((operation) => operation.result.rows === 'logit')).toBe(true);
    expect(behind.map(({ kind }) => kind)).toEqual([
      'selectRows', // of what attention found
      'linear',
      'selectRows', // of the shortcut around it
      'add',
      'layerNorm',
      'linear',
      'gelu',
      'linear',
      'add',
      'layerNorm',
      'linear',
    ]);
    expect(result).toBe(operations.at(-1)?.result);
    expect(result.shape).toEqual([COUNTS.logit, 11]);
  });

  it('never lets an operation read what was not computed before it', () => {
    const { operations } = recordAndSelect((ops) => model.hiddenState(ops));
    const computed = new Set<unknown>();
    for (const operation of operations) {
      for (const value of operandsOf(operation)) expect(computed.has(value)).toBe(true);
      computed.add(operation.result);
    }
  });

  it('keeps all rows of what is returned whole, or read by something that needs them', () => {
    const { operations, result } = recordAndSelect((ops) =>
      ops.layerNorm(
        ops.embed(parameters.tokenEmbedding, parameters.positionEmbedding),
        parameters.finalNorm.gain,
        undefined,
        1e-5,
      ),
    );
    expect(result.rows).toBe('step');
    expect(operations.map(({ kind }) => kind)).toEqual(['embed', 'layerNorm']);
  });
});
