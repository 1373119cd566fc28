import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { buildStepBatch } from '../../src/runtime/build-step-batch.ts';
import type { Activation, TransformerOps } from '../../src/runtime/ops.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { inPages, type SeatSegment } from '../support/seats.ts';
import { computesPadding, RUNTIMES } from '../support/runtimes.ts';
import { someTokenIds, StepRunner } from '../support/step-runner.ts';
import { describeWebGpu, openWebGpu } from '../support/webgpu.ts';

const BUCKET = 8;

function prompt(length: number, seat = 0): SeatSegment[] {
  return [{ seat, positionStart: 0, tokenIds: someTokenIds(length, 50, length), logits: 'all' }];
}

describe.each(RUNTIMES)('the rows of a step on $label', (variant) => {
  let runtime: Runtime;
  let runner: StepRunner;
  beforeAll(async () => {
    runtime = await variant.create();
    runner = await StepRunner.load(runtime, 'tiny-gpt2', 2);
  });
  afterAll(() => runtime.dispose());

  it('are those of tokens, and those of padding where stock operations compute them', () => {
    const inputs = inPages(prompt(5), runner.seatLength);
    expect(runtime.numComputedRows(buildStepBatch(inputs, [BUCKET]))).toBe(
      computesPadding(variant) ? BUCKET : 5,
    );
    expect(runtime.numComputedRows(buildStepBatch(inputs))).toBe(5);
  });

  // WebGPU records for the bucket, and returns at once from what a step lacks: its buffers tell, below.
  it.skipIf(variant.name === 'webgpu')('are as many as the matrices have', async () => {
    const batch = buildStepBatch(inPages(prompt(5), runner.seatLength), [BUCKET]);
    let numRows = NaN;
    const hiddenState = (ops: TransformerOps): Activation => {
      const state = runner.loaded.model.hiddenState(ops);
      numRows = state.shape[0] ?? NaN;
      return state;
    };
    const rows = await runtime.runStep(batch, runner.cache, hiddenState); // [rows][dim]
    // A recording of the native kernels holds for any number of rows: there the rows that come back tell.
    expect(Number.isNaN(numRows) ? rows.length : numRows).toBe(runtime.numComputedRows(batch));
  });
});

describeWebGpu('the rows of padding on WebGPU', () => {
  it('are written by no kernel', async () => {
    const { runtime, device } = await openWebGpu();
    const runner = await StepRunner.load(runtime, 'tiny-gpt2', 2);
    const created = vi.spyOn(GPUDevice.prototype, 'createBuffer');
    await runner.step(prompt(BUCKET), [BUCKET]);
    const matrices = created.mock.results
      .map(({ value }) => value as GPUBuffer)
      .filter(({ label, usage }) => label !== 'step' && (usage & GPUBufferUsage.STORAGE) !== 0);
    created.mockRestore();
    const before = await Promise.all(matrices.map((buffer) => readBuffer(device, buffer)));
    await runner.step(prompt(5, 1), [BUCKET]);
    const after = await Promise.all(matrices.map((buffer) => readBuffer(device, buffer)));
    expect(matrices.length).toBeGreaterThan(3);
    before.forEach((words, index) => {
      const paddingStart = (5 / BUCKET) * words.length;
      expect(after[index]?.subarray(paddingStart)).toEqual(words.subarray(paddingStart));
      expect(after[index]?.subarray(0, paddingStart)).not.toEqual(words.subarray(0, paddingStart));
    });
    await runtime.dispose();
  });
});

async function readBuffer(device: GPUDevice, buffer: GPUBuffer): Promise<Uint32Array> {
  const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
  const staging = device.createBuffer({ size: buffer.size, usage });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const words = new Uint32Array(staging.getMappedRange()).slice();
  staging.destroy();
  return words;
}
