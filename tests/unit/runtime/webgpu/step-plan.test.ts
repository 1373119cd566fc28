import { describe, expect, it } from 'vitest';
import { createGpt2Parameters } from '../../../../src/model/gpt2-parameters.ts';
import { Gpt2 } from '../../../../src/model/gpt2.ts';
import type { Gpt2Config } from '../../../../src/model/gpt2-config.ts';
import {
  bookHeads,
  type Activation,
  type Parameter,
  type TransformerOps,
} from '../../../../src/runtime/ops.ts';
import type { ParameterLayout } from '../../../../src/runtime/webgpu/lower.ts';
import { planStep, type StepPlan } from '../../../../src/runtime/webgpu/step-plan.ts';

const CONFIG: Gpt2Config = {
  architecture: 'gpt2',
  vocabSize: 50_257,
  contextLength: 1024,
  dim: 768,
  numHeads: 12,
  numKvHeads: 12,
  headDim: 64,
  numLayers: 12,
  mlpDim: 3072,
  layerNormEpsilon: 1e-5,
  tiedHead: true,
  qkvBias: true,
  bias: true,
  bosTokenId: 50_256,
  eosTokenIds: [50_256],
};

interface PlanOptions {
  config?: Partial<Gpt2Config>;
  rows?: number;
  logitRows?: number;
  wantsTop?: boolean;
  /** Rows of a matrix that fit a buffer. */
  partRows?: number;
}

function planGpt2({
  config,
  rows = 8,
  logitRows = 8,
  wantsTop = false,
  partRows = Infinity,
}: PlanOptions = {}): StepPlan {
  const full = { ...CONFIG, ...config };
  const model = new Gpt2(
    full,
    createGpt2Parameters(full, (name, shape) => ({ name, shape })),
  );
  const { numLayers, numKvHeads, headDim } = full;
  return planStep((ops) => model.forward(ops), {
    bucket: { step: rows, logit: logitRows, tileRows: rows > 32 ? 4 : 1 },
    cacheShape: { numLayers, numKvHeads, headDim, numLanes: 8, laneLength: 1024 },
    layoutOf: (parameter) => layout(parameter, partRows),
    wantsTop,
  });
}

function layout({ shape }: Parameter, partRows: number): ParameterLayout {
  const numRows = shape.length === 1 ? 1 : (shape[0] ?? 0);
  const parts = [];
  for (let start = 0; start < numRows; start += partRows) {
    parts.push({ start, numRows: Math.min(partRows, numRows - start) });
  }
  return { encoding: 'f32', parts };
}

/** The plan of a forward pass of one's own, over rows of 8 numbers. */
function planOps(forward: (x: Activation, ops: TransformerOps) => Activation): StepPlan {
  const table: Parameter = { name: 'table', shape: [16, 8] };
  return planStep((ops) => forward(ops.embed(table, table), ops), {
    bucket: { step: 4, logit: 2, tileRows: 1 },
    cacheShape: { numLayers: 1, numKvHeads: 2, headDim: 4, numLanes: 1, laneLength: 16 },
    layoutOf: (parameter) => layout(parameter, Infinity),
    wantsTop: false,
  });
}

const matrix = (outDim: number): Parameter => ({ name: `to ${outDim}`, shape: [outDim, 8] });
const kernels = (plan: StepPlan): string[] => plan.dispatches.map(({ kernel }) => kernel.name);

describe('the plan of a GPT-2', () => {
  it('takes seven kernels a block, and four around the blocks', () => {
    const block = [
      'layer-norm',
      'linear-few-rows',
      'attention',
      'linear-few-rows',
      'layer-norm',
      'linear-few-rows',
      'linear-few-rows',
    ];
    const names = kernels(planGpt2());
    expect(names.slice(1, 8)).toEqual(block);
    expect(names).toEqual([
      'embed',
      ...Array.from({ length: 12 }, () => block).flat(),
      'layer-norm',
      'linear-few-rows',
    ]);
  });

  it('needs as many places for twelve layers as for two', () => {
    expect(planGpt2().slots.length).toBe(planGpt2({ config: { numLayers: 2 } }).slots.length);
    expect(planGpt2().slots.length).toBeLessThanOrEqual(7);
  });

  it('never lets a kernel write a buffer that it reads', () => {
    for (const { kernel, buffers } of planGpt2({ wantsTop: true }).dispatches) {
      const keys = buffers.map((ref) => JSON.stringify(ref));
      expect(new Set(keys).size, kernel.name).toBe(keys.length);
      expect(kernel.access.length, kernel.name).toBe(buffers.length + 1);
    }
  });

  it('writes down the same code for every layer: nine pipelines, whatever the depth', () => {
    const codes = new Set(planGpt2().dispatches.map(({ kernel }) => kernel.code));
    expect(codes.size).toBe(9);
  });

  it('shares its pipelines between the buckets of one kind', () => {
    const codesOf = (rows: number) => planGpt2({ rows }).dispatches.map(({ kernel }) => kernel.code);
    expect(codesOf(32)).toEqual(codesOf(12));
    expect(codesOf(512)).toEqual(codesOf(48));
    expect(codesOf(48)).not.toEqual(codesOf(32));
  });

  it('keeps within what WebGPU promises of every device', () => {
    for (const options of [{ rows: 8 }, { rows: 512 }, { rows: 8, wantsTop: true }]) {
      for (const { kernel } of planGpt2(options).dispatches) {
        expect(kernel.access.length, kernel.name).toBeLessThanOrEqual(8);
        expect(Math.max(...kernel.workgroups), kernel.name).toBeLessThanOrEqual(65_535);
        const [, size] = /@workgroup_size\((\d+)\)/.exec(kernel.code) ?? [];
        expect(Number(size), kernel.name).toBeLessThanOrEqual(256);
      }
    }
  });

  it('picks the most probable tokens in two kernels more, where the vocabulary is worth it', () => {
    expect(kernels(planGpt2({ wantsTop: true })).slice(-2)).toEqual([
      'top-logits-chunks',
      'top-logits-merge',
    ]);
    expect(kernels(planGpt2({ wantsTop: true, config: { vocabSize: 384 } })).at(-1)).toBe('linear-few-rows');
  });

  it('splits a matrix over buffers: a kernel for each, which together have every column once', () => {
    const plan = planGpt2({ config: { numLayers: 1 }, partRows: 20_000 });
    expect(kernels(plan).filter((name) => name === 'embed').length).toBe(3);
    const heads = plan.dispatches.slice(-3);
    expect(heads.map(({ kernel }) => kernel.name)).toEqual(Array(3).fill('linear-few-rows'));
    expect(heads.map(({ buffers }) => buffers.at(-1))).toEqual(Array(3).fill(heads[0]?.buffers.at(-1)));
    expect(heads.map(({ kernel }) => kernel.workgroups[0] * 4)).toEqual([20_000, 20_000, 10_260]);
  });

  it('takes the tiled product from 33 rows on', () => {
    expect(kernels(planGpt2({ rows: 32 }))).not.toContain('linear-many-rows');
    expect(kernels(planGpt2({ rows: 48 })).filter((name) => name === 'linear-many-rows').length).toBe(48);
  });
});

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
    expect(() => planOps((x, ops) => ops.attention(x, 0, bookHeads(2, 4)))).toThrow(/layer 0 with 2 heads/);
  });
});
