import { afterEach, expect, it, vi } from 'vitest';
import type { EngineError } from '../../src/errors.ts';
import { buildStepBatch } from '../../src/runtime/build-step-batch.ts';
import { probeRuntime } from '../../src/runtime/probe-runtime.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { startDevice, type WebGpuDeviceOptions } from '../../src/runtime/webgpu/start.ts';
import { Pipelines } from '../../src/runtime/webgpu/pipelines.ts';
import { gpuParameter } from '../../src/runtime/webgpu/gpu-parameter.ts';
import { someTokenIds, StepRunner } from '../support/step-runner.ts';
import { describeWebGpu, openWebGpu } from '../support/webgpu.ts';

const MODEL = 'gpt2-variants/untied-f32-head-dim-6';

const failure = (message: RegExp): unknown =>
  expect.objectContaining<Partial<EngineError>>({
    code: 'backend_failure',
    message: expect.stringMatching(message) as string,
  });

describeWebGpu('a WebGPU device that fails', () => {
  const open: Runtime[] = [];
  afterEach(async () => {
    vi.restoreAllMocks();
    for (const runtime of open.splice(0)) await runtime.dispose();
  });
  async function load(options: WebGpuDeviceOptions = {}) {
    const { runtime, device } = await openWebGpu(options);
    open.push(runtime);
    const runner = await StepRunner.load(runtime, MODEL, 2);
    return { runtime, device, runner, tokenIds: someTokenIds(20, runner.loaded.config.vocabSize, 1) };
  }

  it('fails the step that asked for what it refused, and no other', async () => {
    const { runtime, runner, tokenIds } = await load();
    await runner.whole(tokenIds);
    const table = runtime.createParameter('table', [4, 4], new Float32Array(16));
    const batch = buildStepBatch([{ pages: [0], positionStart: 0, tokenIds: [1], logits: 'last' }]);
    const run = () => runtime.runStep(batch, runner.cache, (ops) => ops.embed(table, table));
    await run();
    gpuParameter(table).parts[0]?.buffer.destroy();
    await expect(run()).rejects.toThrow(failure(/failed in the step: .*"table".* while destroyed/));
    expect((await runner.whole(tokenIds)).length).toBe(20);
  });

  it('fails a step that reads nothing back just so', async () => {
    const { runtime, runner } = await load();
    const table = runtime.createParameter('table', [4, 4], new Float32Array(16));
    const batch = buildStepBatch([{ pages: [0], positionStart: 0, tokenIds: [1], logits: 'none' }]);
    const run = () => runtime.runStep(batch, runner.cache, (ops) => ops.selectRows(ops.embed(table, table)));
    expect(await run()).toEqual([]);
    gpuParameter(table).parts[0]?.buffer.destroy();
    for (let attempt = 0; attempt < 5; attempt++) await expect(run()).rejects.toThrow(failure(/in the step/));
  });

  it('says which kernel does not compile, and why', async () => {
    const device = await startDevice({});
    const kernel = {
      name: 'broken',
      code: '@compute @workgroup_size(1) fn main() { let x = nothing; }',
      access: [],
      workgroups: [1, 1, 1] as const,
    };
    await expect(new Pipelines(device).pipelineOf(kernel)).rejects.toThrow(
      failure(/kernel broken does not compile on .*unresolved value 'nothing'/),
    );
    expect(device.takeErrors()).toEqual([]);
    device.dispose();
  });

  it('rejects the step under way and those after it when it is lost, says so once, and can be had anew', async () => {
    const losses: EngineError[] = [];
    const { device, runtime, runner, tokenIds } = await load({ onLost: (error) => losses.push(error) });
    await runner.whole(tokenIds);
    const underWay = runner.whole(tokenIds);
    device.destroy();
    await expect(underWay).rejects.toThrow(failure(/lost|destroyed|could not be read/));
    await expect(runner.whole(tokenIds)).rejects.toThrow(failure(/was lost \(destroyed\)/));
    await expect(runner.whole(tokenIds)).rejects.toThrow(failure(/was lost/));
    expect(losses.map(({ code }) => code)).toEqual(['backend_failure']);
    await runtime.dispose();
    open.length = 0;

    const again = await load();
    expect(again.runtime.memory().numTensors).toBeGreaterThan(0);
    expect((await again.runner.whole(tokenIds)).length).toBe(20);
  });

  it('is not lost but given back when its runtime is disposed of', async () => {
    const losses: EngineError[] = [];
    const { runtime, runner, tokenIds, device } = await load({ onLost: (error) => losses.push(error) });
    await runner.whole(tokenIds);
    await runtime.dispose();
    open.length = 0;
    await device.lost;
    expect(losses).toEqual([]);
  });

  it('takes one step at a time', async () => {
    const { runner, tokenIds } = await load();
    const first = runner.whole(tokenIds);
    await expect(runner.whole(tokenIds)).rejects.toThrow(/one step runs at a time/);
    expect((await first).length).toBe(20);
  });

  it('refuses a token that the embedding does not have', async () => {
    const { runner } = await load();
    const { vocabSize } = runner.loaded.config;
    await expect(runner.whole([vocabSize])).rejects.toThrow(`token ${vocabSize} is one of ${vocabSize}`);
  });
});

describeWebGpu('a step on WebGPU', () => {
  it('takes at most eight dispatches a block, one submission, and one recording a bucket', async () => {
    const { runtime } = await openWebGpu();
    const runner = await StepRunner.load(runtime, 'tiny-gpt2', 2);
    const { numLayers } = runner.loaded.config;
    const dispatch = vi.spyOn(GPUComputePassEncoder.prototype, 'dispatchWorkgroups');
    const submit = vi.spyOn(GPUQueue.prototype, 'submit');
    const bind = vi.spyOn(GPUDevice.prototype, 'createBindGroup');
    await runner.step([{ seat: 0, positionStart: 0, tokenIds: [1], logits: 'last' }]);
    const numDispatches = dispatch.mock.calls.length;
    // Embedding, last norm and head stand outside of the blocks.
    expect((numDispatches - 3) / numLayers).toBe(7);
    expect(submit).toHaveBeenCalledTimes(1);
    expect(bind).toHaveBeenCalledTimes(numDispatches);
    for (let position = 1; position < 9; position++) {
      await runner.step([{ seat: 0, positionStart: position, tokenIds: [1], logits: 'last' }]);
    }
    expect(dispatch).toHaveBeenCalledTimes(9 * numDispatches);
    expect(submit).toHaveBeenCalledTimes(9);
    expect(bind).toHaveBeenCalledTimes(numDispatches);
    vi.restoreAllMocks();
    await runtime.dispose();
  });

  it('takes no more memory for the last token of a context than for the first', async () => {
    const { runtime } = await openWebGpu();
    const runner = await StepRunner.load(runtime, 'tiny-gpt2', 2);
    const tokenIds = someTokenIds(runner.loaded.config.contextLength, runner.loaded.config.vocabSize, 3);
    const decode = (position: number) =>
      runner.step([
        { seat: 0, positionStart: position, tokenIds: [tokenIds[position] ?? 0], logits: 'last' },
      ]);
    await decode(0);
    const { numBytes } = runtime.memory();
    for (let position = 1; position < tokenIds.length; position++) await decode(position);
    expect(runtime.memory().numBytes).toBe(numBytes);
    await runtime.dispose();
  });
});

describeWebGpu('a start of WebGPU', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('without a Vulkan driver says so, and what to do', async () => {
    vi.stubEnv('VK_DRIVER_FILES', '/dev/null');
    vi.stubEnv('VK_ICD_FILENAMES', '/dev/null');
    const probe = await probeRuntime('webgpu');
    expect(probe).toMatchObject({
      works: false,
      reason: expect.stringMatching(/found no adapter: the Vulkan loader found no driver: install/) as string,
    });
  });

  it('names the adapters that there are when the one asked for is not among them', async () => {
    await expect(startDevice({ adapter: 'no such card' })).rejects.toThrow(/Available adapters:[^]*name:/);
  });

  it('takes a software adapter only where it may', async () => {
    const device = await startDevice({});
    const { isSoftware } = device;
    device.dispose();
    const strict = startDevice({ allowSoftware: false });
    if (isSoftware) await expect(strict).rejects.toThrow(/the only WebGPU adapter is software/);
    else (await strict).dispose();
  });
});
