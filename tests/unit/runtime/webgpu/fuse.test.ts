import { describe, expect, it } from 'vitest';
import {
  bookHeads,
  type Activation,
  type Parameter,
  type TransformerOps,
} from '../../../../src/runtime/ops.ts';
import { planStep, type StepPlan } from '../../../../src/runtime/webgpu/step-plan.ts';

/** The plan of a forward pass of one's own, over rows of 8 numbers. */
function planOps(forward: (x: Activation, ops: TransformerOps) => Activation): StepPlan {
  const table: Parameter = { name: 'table', shape: [16, 8] };
  return planStep((ops) => forward(ops.embed(table, table), ops), {
    bucket: { step: 4, logit: 2, tileRows: 1 },
    cacheShape: { numLayers: 1, numKvHeads: 2, headDim: 4, numPages: 1, maxStepPages: 1 },
    layoutOf: ({ shape }) => ({ encoding: 'f32', parts: [{ start: 0, numRows: shape[0] ?? 0 }] }),
    wantsTop: false,
  });
}

const matrix = (outDim: number): Parameter => ({ name: `to ${outDim}`, shape: [outDim, 8] });
const kernels = (plan: StepPlan): string[] => plan.dispatches.map(({ kernel }) => kernel.name);

describe('the fusion of operations', () => {
  it('leaves alone what two read', () => {
    const plan = planOps((x, ops) => {
      const hidden = ops.linear(x, matrix(8), undefined);
      return ops.add(ops.gelu(hidden), hidden);
    });
    expect(kernels(plan)).toEqual(['embed', 'linear-few-rows', 'gelu', 'add']);
  });

  it('leaves alone what is the result', () => {
    let hidden: Activation | undefined;
    const plan = planOps((x, ops) => {
      hidden = ops.linear(x, matrix(8), undefined);
      ops.gelu(hidden);
      return hidden;
    });
    expect(kernels(plan)).toEqual(['embed', 'linear-few-rows']);
    expect(plan.result).toBe(hidden);
  });

  it('gives a shortcut between two products to one of them', () => {
    const plan = planOps((x, ops) =>
      ops.add(ops.linear(x, matrix(8), undefined), ops.linear(x, matrix(8), undefined)),
    );
    expect(kernels(plan)).toEqual(['embed', 'linear-few-rows', 'linear-few-rows']);
    const [, other, fused] = plan.dispatches;
    // The residual is read where the other product was written.
    expect(fused?.buffers[2]).toEqual(other?.buffers.at(-1));
  });

  it('doubles a value by a kernel of its own', () => {
    const plan = planOps((x, ops) => {
      const hidden = ops.linear(x, matrix(8), undefined);
      return ops.add(hidden, hidden);
    });
    expect(kernels(plan)).toEqual(['embed', 'linear-few-rows', 'add']);
  });

  it('writes the cache even where nobody reads what attended', () => {
    const plan = planOps((x, ops) => {
      const qkv = ops.linear(x, matrix(24), undefined);
      ops.attention(qkv, 0, bookHeads(2, 4));
      return qkv;
    });
    expect(kernels(plan)).toEqual(['embed', 'linear-few-rows', 'cache-write', 'attention']);
  });

  it('writes keys to the cache that are turned', () => {
    const plan = planOps((x, ops) => {
      const heads = bookHeads(2, 4);
      const rotation = { pairing: 'halves', table: { name: 'angles', shape: [64] } } as const;
      return ops.attention(ops.rotate(ops.linear(x, matrix(24), undefined), rotation, heads), 0, heads);
    });
    const writesKeys = plan.dispatches.filter(
      ({ kernel, buffers }) =>
        kernel.access[1 + buffers.findIndex(({ kind }) => kind === 'keys')] === 'write' &&
        buffers.some(({ kind }) => kind === 'keys'),
    );
    expect(writesKeys.map(({ kernel }) => kernel.name)).toEqual(['heads']);
  });

  it('leaves turned heads to the cache write where another reads them, too', () => {
    const plan = planOps((x, ops) => {
      const heads = bookHeads(2, 4);
      const rotation = { pairing: 'halves', table: { name: 'angles', shape: [64] } } as const;
      const turned = ops.rotate(ops.linear(x, matrix(24), undefined), rotation, heads);
      ops.attention(turned, 0, heads);
      return turned;
    });
    expect(kernels(plan)).toEqual(['embed', 'linear-few-rows', 'heads', 'cache-write', 'attention']);
  });

  it('computes nothing that nobody needs', () => {
    const plan = planOps((x, ops) => {
      ops.gelu(x);
      return ops.selectRows(ops.layerNorm(x, { name: 'gain', shape: [8] }, undefined, 1e-5));
    });
    expect(kernels(plan)).toEqual(['embed', 'layer-norm']);
    expect(plan.result.shape).toEqual([2, 8]);
  });

  it('refuses shapes that do not fit, by name', () => {
    expect(() => planOps((x, ops) => ops.linear(x, { name: 'w', shape: [8, 9] }, undefined))).toThrow(
      /w takes rows of 9/,
    );
    expect(() => planOps((x, ops) => ops.attention(x, 0, bookHeads(2, 4)))).toThrow(/rows of 8 .* 2 heads/);
    expect(() => planOps((x, ops) => ops.attention(x, 0, bookHeads(1, 4)))).toThrow(/layer 0 with 1 heads/);
    expect(() => planOps((x, ops) => ops.attention(x, 1, bookHeads(2, 4)))).toThrow(/layer 1 with 2 heads/);
  });
});
