import { afterEach, expect, it } from 'vitest';
import type { EngineError } from '../../src/errors.ts';
import type { Activation, TransformerOps } from '../../src/runtime/ops.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { gpuParameter } from '../../src/runtime/webgpu/gpu-parameter.ts';
import { expectClose } from '../support/compare.ts';
import { flat, product, someRows, transposed } from '../support/matrix.ts';
import { runOps } from '../support/run-ops.ts';
import { someTokenIds, StepRunner } from '../support/step-runner.ts';
import { describeWebGpu, openWebGpu } from '../support/webgpu.ts';

const MODEL = 'gpt2-variants/untied-f32-head-dim-6';

const unavailable = (message: RegExp): unknown =>
  expect.objectContaining<Partial<EngineError>>({
    code: 'backend_unavailable',
    message: expect.stringMatching(message) as string,
  });

/** A device that binds less than a matrix has: on real ones it would come back as zeros, without an error. */
describeWebGpu('what is too large for a binding on WebGPU', () => {
  const open: Runtime[] = [];
  afterEach(async () => {
    for (const runtime of open.splice(0)) await runtime.dispose();
  });
  async function create(maxBufferBytes?: number): Promise<Runtime> {
    const { runtime } = await openWebGpu({ maxBufferBytes });
    open.push(runtime);
    return runtime;
  }

  it.each([
    // The keys of a layer are 7680 bytes.
    { model: MODEL, maxBufferBytes: 8000 },
    // Its angles and the keys of a layer are 12,288 bytes.
    { model: 'tiny-gemma3/pattern-6', maxBufferBytes: 13_000 },
  ])('is split by rows of a matrix, and gives the same logits: $model', async ({ model, maxBufferBytes }) => {
    const limited = await StepRunner.load(await create(maxBufferBytes), model, 1);
    const whole = await StepRunner.load(await create(), model, 1);
    const { vocabSize, dim } = limited.loaded.config;
    const wide = limited.runtime.createParameter('wide', [vocabSize, dim], new Float32Array(vocabSize * dim));
    expect(gpuParameter(wide).parts.length).toBeGreaterThan(1);
    const tokenIds = someTokenIds(3, vocabSize, 1);
    const input = [{ seat: 0, positionStart: 0, tokenIds, logits: 'last' as const }];
    const [actual] = await limited.step(input);
    const [expected] = await whole.step(input);
    expectClose(actual ?? [], expected ?? [NaN], 1e-5);
  });

  it('is split in the product of many rows, too', async () => {
    const runtime = await create(44_000);
    const weight = someRows(70, 200, 2);
    const parameter = runtime.createParameter('w', [70, 200], flat(weight));
    expect(gpuParameter(parameter).parts.length).toBe(2);
    const x = someRows(40, 200, 3);
    const multiply = (input: Activation, ops: TransformerOps): Activation =>
      ops.linear(input, parameter, undefined);
    // The cache of wider heads would not fit.
    const result = await runOps(runtime, x, multiply, { headDim: 8 });
    expectClose(result.flat(), product(x, transposed(weight)).flat(), 3e-5);
  });

  it('is refused with its name and both numbers where it cannot be split', async () => {
    const runtime = await create(1024);
    expect(() => runtime.createParameter('h.3.row', [2, 300], new Float32Array(600))).toThrow(
      unavailable(/one row of h\.3\.row has 1200 bytes, and .* binds at most 1024/),
    );
    expect(() => runtime.createParameter('h.3.bias', [300], new Float32Array(300))).toThrow(
      unavailable(/h\.3\.bias has 1200 bytes/),
    );
    expect(() =>
      runtime.createKvCache({ numLayers: 2, numKvHeads: 2, headDim: 8, numPages: 3, maxStepPages: 3 }),
    ).toThrow(unavailable(/keys of a layer for 192 tokens have 12288 bytes.*at most 1024.*KV_CACHE_MB/));
    expect(runtime.memory()).toEqual({ numTensors: 0, numBytes: 0 });
  });

  it('is refused when it is a head that attention cannot take', async () => {
    const runtime = await create();
    const makeCache = (headDim: number) =>
      runtime.createKvCache({ numLayers: 1, numKvHeads: 1, headDim, numPages: 1, maxStepPages: 1 });
    for (const headDim of [1, 127, 128, 254, 256]) makeCache(headDim).dispose();
    for (const headDim of [129, 258, 260]) {
      expect(() => makeCache(headDim)).toThrow(
        unavailable(new RegExp(`heads of up to 128.*not of ${headDim}`)),
      );
    }
  });

  it('fails the step with the numbers when it is an activation', async () => {
    const runner = await StepRunner.load(await create(8000), MODEL, 1);
    const tokenIds = someTokenIds(32, runner.loaded.config.vocabSize, 2);
    await expect(runner.whole(tokenIds)).rejects.toThrow(
      /needs a buffer of \d+ bytes, and .* at most 8000: let a step have fewer tokens/,
    );
    // The next one is none the worse for it.
    expect((await runner.whole(tokenIds.slice(0, 2))).length).toBe(2);
  });
});
