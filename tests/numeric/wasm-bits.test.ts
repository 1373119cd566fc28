import { describe, expect, it } from 'vitest';
import { installNode } from '../../scripts/install-packages.ts';
import { createWasmRuntime } from '../../src/runtime/wasm/wasm-runtime.ts';
import { kernelDigests } from '../support/kernel-digests.ts';
import { seatShape } from '../support/seats.ts';
import { runProgram } from '../support/run-command.ts';
import { RUNTIME_NAMES_HERE } from '../support/runtimes.ts';

const SCRIPT = new URL('../support/kernel-digests.ts', import.meta.url).pathname;

/** One source: where products are rounded as on processors, WebAssembly has their very bits. Like others it needs npm's server. */
describe.runIf(process.env['TEST_PACKAGE'] === 'required' && RUNTIME_NAMES_HERE.includes('native'))(
  'the kernels as WebAssembly',
  () => {
    it.each([22, 24] as const)(
      'have the bits of the native ones on Node %i',
      { timeout: 300_000 },
      async (major) => {
        const node = await installNode(major);
        const { stdout, stderr, status } = await runProgram([node, '--import', 'tsx', SCRIPT, 'wasm'], {});
        expect(status, stderr).toBe(0);
        expect(JSON.parse(stdout)).toEqual(await kernelDigests('native'));
      },
    );
  },
);

describe('memory of WebAssembly', () => {
  it('that there is not is an error with what is in use, and nothing is lost', async () => {
    const runtime = await createWasmRuntime({ numThreads: 1, weights: 'f32' });
    const before = runtime.memory().numBytes;
    const seats = { numSeats: 64, seatLength: 32_768 };
    const shape = seatShape({ numLayers: 1, numKvHeads: 8, headDim: 64, ...seats });
    expect(() => runtime.createKvCache(shape)).toThrow(
      expect.objectContaining({ code: 'backend_unavailable' }) as Error,
    );
    expect(runtime.memory().numBytes).toBe(before);
    runtime.createParameter('w', [1000, 1000], new Float32Array(1e6));
    expect(runtime.memory().numBytes).toBeGreaterThanOrEqual(before + 4e6);
    await runtime.dispose();
  });
});
