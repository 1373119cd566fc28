import { afterEach, expect, it } from 'vitest';
import type { EngineError } from '../../src/errors.ts';
import type { GpuWeightFormat } from '../../src/runtime/webgpu/gpu-parameter.ts';
import {
  decodeBfloat16,
  decodeFloat16,
  encodeBfloat16,
  encodeFloat16,
} from '../../src/runtime/half-precision.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { gpuParameter } from '../../src/runtime/webgpu/gpu-parameter.ts';
import { expectClose, maxAbsDifference } from '../support/compare.ts';
import { flat, product, someRows, transposed, type Rows } from '../support/matrix.ts';
import { runOps } from '../support/run-ops.ts';
import { someTokenIds, StepRunner } from '../support/step-runner.ts';
import { describeWebGpu, openWebGpu } from '../support/webgpu.ts';

/** How far logits may be from those of float32 weights, in parts of the largest. */
const LOGIT_BOUNDS = { f16: 0.002, bf16: 0.015 };

const ROUND = {
  f16: (values: Float32Array) => decoded(encodeFloat16(values), decodeFloat16),
  bf16: (values: Float32Array) => decoded(encodeBfloat16(values), decodeBfloat16),
};

function decoded(words: Uint16Array, decode: (source: Uint16Array, target: Float32Array) => void): number[] {
  const values = new Float32Array(words.length);
  decode(words, values);
  return [...values];
}

describeWebGpu('weights on WebGPU', () => {
  const open: Runtime[] = [];
  afterEach(async () => {
    for (const runtime of open.splice(0)) await runtime.dispose();
  });
  async function create(weights: GpuWeightFormat): Promise<Runtime> {
    const { runtime } = await openWebGpu({ weights });
    open.push(runtime);
    return runtime;
  }
  const encodingOf = (runtime: Runtime, rows: Rows) =>
    gpuParameter(runtime.createParameter('w', [rows.length, rows[0]?.length ?? 0], flat(rows))).encoding;

  it.each([
    { weights: 'f16' as const, rows: 3 },
    { weights: 'f16' as const, rows: 20 },
    { weights: 'bf16' as const, rows: 3 },
    { weights: 'bf16' as const, rows: 20 },
  ])('as $weights multiply $rows rows like the rounded numbers they are', async ({ weights, rows }) => {
    const runtime = await create(weights);
    const x = ROUND[weights](flat(someRows(rows, 30, 1)));
    const inputs = Array.from({ length: rows }, (_, r) => x.slice(r * 30, (r + 1) * 30));
    const values = someRows(9, 30, 2).map((row) => row.map((value) => Math.fround(value * 1.0001)));
    const rounded = values.map((row) => ROUND[weights](Float32Array.from(row)));
    expect(rounded).not.toEqual(values);
    const weight = runtime.createParameter('w', [9, 30], flat(values));
    const result = await runOps(runtime, inputs, (input, ops) => ops.linear(input, weight, undefined));
    expectClose(result.flat(), product(inputs, transposed(rounded)).flat(), 1e-5);
  });

  it('keep the smallest numbers of f16, subnormal ones among them', async () => {
    const runtime = await create('f16');
    const smallest = [2 ** -24, -(2 ** -24), 3 * 2 ** -20, 2 ** -14, 65504];
    const rows = [[...smallest, 0, 0, 0]];
    const [result = []] = await runOps(runtime, rows, (input) => input);
    expect(result).toEqual(rows[0]);
  });

  it('are f16 by themselves where nothing is lost, f32 where something would be', async () => {
    const runtime = await create('auto');
    expect(encodingOf(runtime, someRows(3, 8, 3))).toBe('f16');
    expect(encodingOf(runtime, [[0.5, 0.1]])).toBe('f32');
    expect(encodingOf(runtime, [[0.5, 70_000]])).toBe('f32');
    expect(encodingOf(await create('f32'), someRows(3, 8, 3))).toBe('f32');
  });

  it('take half the bytes in half precision, vectors aside', async () => {
    const bytesOf = async (weights: GpuWeightFormat) => {
      const runtime = await create(weights);
      const before = runtime.memory().numBytes;
      runtime.createParameter('w', [100, 64], new Float32Array(6400).fill(1));
      return runtime.memory().numBytes - before;
    };
    expect(await bytesOf('f32')).toBe(25_600);
    expect(await bytesOf('f16')).toBe(12_800);
    expect(await bytesOf('auto')).toBe(12_800);
  });

  it('are refused by name where f16 cannot hold them', async () => {
    const runtime = await create('f16');
    expect(() => runtime.createParameter('h.0.w', [1, 2], Float32Array.of(1, 70_000))).toThrow(
      expect.objectContaining<Partial<EngineError>>({
        code: 'weights_invalid',
        message: 'value 1 of h.0.w is 70000, and f16 ends at 65504: take WEIGHTS=f32 or bf16',
      }),
    );
  });

  it.each(['tiny-gpt2', 'gpt2-variants/untied-f32-head-dim-6'])(
    'in half precision leave the logits of %s within their bounds',
    async (model) => {
      const logitsAs = async (weights: GpuWeightFormat) => {
        const runner = await StepRunner.load(await create(weights), model);
        const { contextLength, vocabSize } = runner.loaded.config;
        return (await runner.whole(someTokenIds(contextLength, vocabSize, 4))).flatMap((row) => [...row]);
      };
      const exact = await logitsAs('f32');
      const largest = exact.reduce((most, logit) => Math.max(most, Math.abs(logit)), 0);
      for (const weights of ['f16', 'bf16'] as const) {
        const difference = maxAbsDifference(await logitsAs(weights), exact);
        expect(difference, weights).toBeLessThanOrEqual(LOGIT_BOUNDS[weights] * largest);
        // They were rounded at all.
        expect(difference, weights).toBeGreaterThan(0);
      }
    },
  );
});
