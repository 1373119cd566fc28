import { describe, expect, it } from 'vitest';
import type { DecoderConfig } from '../../../../src/model/decoder-config.ts';
import { createDecoderParameters } from '../../../../src/model/decoder-parameters.ts';
import { Decoder } from '../../../../src/model/decoder.ts';
import { createGpt2Parameters } from '../../../../src/model/gpt2-parameters.ts';
import { Gpt2 } from '../../../../src/model/gpt2.ts';
import type { Gpt2Config } from '../../../../src/model/gpt2-config.ts';
import type { Parameter } from '../../../../src/runtime/ops.ts';
import type { ParameterLayout } from '../../../../src/runtime/webgpu/lower.ts';
import { planStep, type StepPlan } from '../../../../src/runtime/webgpu/step-plan.ts';
import { seatShape } from '../../../support/seats.ts';

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

/** Llama 3.2 1B. */
const LLAMA: DecoderConfig = {
  architecture: 'llama',
  vocabSize: 128_256,
  contextLength: 1024,
  dim: 2048,
  numHeads: 32,
  numKvHeads: 8,
  headDim: 64,
  numLayers: 16,
  mlpDim: 8192,
  rmsNormEpsilon: 1e-5,
  tiedHead: true,
  qkvBias: false,
  outputBias: false,
  mlpBias: false,
  headNorms: false,
  sandwichNorms: false,
  gateActivation: 'silu',
  embeddingScale: 1,
  attentionScale: 1 / 8,
  rotaryPairing: 'halves',
  rotations: [{ theta: 500_000, scaling: { type: 'default' } }],
  layers: Array.from({ length: 16 }, () => ({ window: undefined, rotation: 0 })),
  bosTokenId: 128_000,
  eosTokenIds: [128_001],
};

/** Gemma 3 270M, but for its depth and vocabulary. */
const GEMMA: DecoderConfig = {
  ...LLAMA,
  dim: 640,
  numHeads: 4,
  numKvHeads: 1,
  headDim: 256,
  mlpDim: 2048,
  headNorms: true,
  sandwichNorms: true,
  gateActivation: 'gelu',
  embeddingScale: 25.25,
  layers: LLAMA.layers.map((_, layer) => ({ window: layer % 6 === 5 ? undefined : 512, rotation: 0 })),
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
    cacheShape: seatShape({ numLayers, numKvHeads, headDim, numSeats: 8, seatLength: 1024 }),
    layoutOf: (parameter) => layout(parameter, partRows),
    wantsTop,
  });
}

function planDecoder(config: DecoderConfig, { rows = 8, numPositions = 1024 } = {}): StepPlan {
  const { numLayers, numKvHeads, headDim } = config;
  const model = new Decoder(
    config,
    createDecoderParameters(config, (name, parts) => {
      const numRows = parts.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0);
      return { name, shape: [numRows, ...(parts[0]?.shape.slice(1) ?? [])] };
    }),
    [{ name: 'rotation', shape: [numPositions * headDim] }],
  );
  return planStep((ops) => model.forward(ops), {
    bucket: { step: rows, logit: 8, tileRows: rows > 32 ? 4 : 1 },
    cacheShape: seatShape({ numLayers, numKvHeads, headDim, numSeats: 8, seatLength: 1024 }),
    layoutOf: (parameter) => layout(parameter, 2 ** 17),
    wantsTop: false,
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

describe('the plan of a decoder', () => {
  const block = [
    'rms-norm',
    'linear-few-rows',
    'heads',
    'attention',
    'linear-few-rows',
    'rms-norm',
    'linear-few-rows',
    'gate',
    'linear-few-rows',
  ];

  it('takes nine kernels a block, and three around the blocks', () => {
    expect(kernels(planDecoder(LLAMA))).toEqual([
      'embed',
      ...Array.from({ length: 16 }, () => block).flat(),
      'rms-norm',
      'linear-few-rows',
    ]);
  });

  it('takes two more for the norms behind attention and MLP, and none for those of the heads', () => {
    expect(kernels(planDecoder(GEMMA)).slice(1, 12)).toEqual([
      ...block.slice(0, 5),
      'rms-norm',
      ...block.slice(5),
      'rms-norm',
    ]);
  });

  it('writes down the same code for every layer, but for the window', () => {
    const codesOf = (config: DecoderConfig) =>
      new Set(planDecoder(config).dispatches.map(({ kernel }) => kernel.code)).size;
    expect(codesOf(LLAMA)).toBe(11);
    expect(codesOf(GEMMA)).toBe(codesOf({ ...GEMMA, layers: LLAMA.layers }) + 1);
  });

  it('keeps within what WebGPU promises of every device', () => {
    for (const config of [LLAMA, GEMMA]) {
      for (const { kernel, buffers } of planDecoder(config, { rows: 512 }).dispatches) {
        const keys = buffers.map((ref) => JSON.stringify(ref));
        expect(new Set(keys).size, kernel.name).toBe(keys.length);
        expect(kernel.access.length, kernel.name).toBe(keys.length + 1);
        expect(kernel.access.length, kernel.name).toBeLessThanOrEqual(8);
        expect(Math.max(...kernel.workgroups), kernel.name).toBeLessThanOrEqual(65_535);
      }
    }
  });

  it('knows how many tokens there are, and angles for how many positions', () => {
    expect(planDecoder(GEMMA, { numPositions: 77 }).tables).toEqual({ tokens: 128_256, positions: 77 });
    expect(planGpt2().tables).toEqual({ tokens: 50_257, positions: 1024 });
  });
});
