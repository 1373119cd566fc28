import { afterEach, describe, expect, it } from 'vitest';
import { rawExports, TRAPS } from '../support/trap-wasm.mjs';
import type { EngineError } from '../../src/errors.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { createWasmRuntime } from '../../src/runtime/wasm/wasm-runtime.ts';
import { someTokenIds, StepRunner } from '../support/step-runner.ts';

const OF_CALLER = 'the wasm module trapped: memory access out of bounds';
const OF_THREAD = 'a thread of the wasm module trapped: memory access out of bounds';

const CASES = [
  { trap: 'writeBeside', numThreads: 2, reason: OF_THREAD },
  { trap: 'writeBeside', numThreads: 4, reason: OF_THREAD },
  { trap: 'freeBeside', numThreads: 2, reason: OF_THREAD },
  { trap: 'freeBeside', numThreads: 4, reason: OF_THREAD },
  { trap: 'overflowStack', numThreads: 1, reason: OF_CALLER },
  { trap: 'overflowStack', numThreads: 2, reason: OF_CALLER },
] as const;

const failure = (message: string): unknown =>
  expect.objectContaining<Partial<EngineError>>({ code: 'backend_failure', message });

async function load(runtime: Runtime) {
  const runner = await StepRunner.load(runtime, 'tiny-gpt2', 2);
  return { runner, tokenIds: someTokenIds(20, runner.loaded.config.vocabSize, 1) };
}

describe('wasm kernels that trap', () => {
  const open: Runtime[] = [];
  afterEach(async () => {
    for (const runtime of open.splice(0)) await runtime.dispose();
  });
  async function start(numThreads: number): Promise<Runtime> {
    const runtime = await createWasmRuntime({ numThreads, weights: 'f32' });
    open.push(runtime);
    return runtime;
  }

  it.each(CASES)(
    'by $trap with $numThreads threads fail the step and all that follows with the reason, and end',
    async ({ trap, numThreads, reason }) => {
      const runtime = await start(numThreads);
      const { runner, tokenIds } = await load(runtime);
      const expected = await runner.whole(tokenIds);
      TRAPS[trap]();
      const steps = async () => {
        // In some steps the calling thread may claim all chunks, so that no other thread computes any.
        for (let i = 0; i < 10_000; i++) await runner.whole(tokenIds);
      };
      const stepFailure = failure(`the wasm kernels failed a step: ${reason}`);
      await expect(steps()).rejects.toThrow(stepFailure);

      await expect(runner.whole(tokenIds)).rejects.toThrow(stepFailure);
      expect(() => runtime.copyPage(runner.cache, 0, 1)).toThrow(failure(reason));
      expect(() => runtime.createParameter('w', [4, 4], new Float32Array(16))).toThrow(failure(reason));
      await runtime.dispose();
      open.length = 0;

      const again = await load(await start(numThreads));
      expect(await again.runner.whole(tokenIds)).toEqual(expected);
    },
  );

  it('in malloc, which stays locked, make those trap that wait for it', async () => {
    await start(1);
    const kernels = rawExports();
    expect(() => kernels.release(0xffffff00)).toThrow(WebAssembly.RuntimeError);
    // As a thread does that traps.
    kernels.failThreads();
    expect(() => kernels.allocate(64)).toThrow(/unreachable/);
    expect(() => kernels.release(64)).toThrow(/unreachable/);
  });
});
