import { describe, expect, it } from 'vitest';
import { EngineError } from '../../src/errors.ts';
import { startFastestRuntime, startRuntime } from '../../src/runtime/start-runtime.ts';
import { RUNTIME_NAMES_HERE } from '../support/runtimes.ts';

const ORDER = ['tensorflow-gpu', 'webgpu', 'native', 'tensorflow', 'wasm'];

/** Those that a start's line says were refused. */
const refusedIn = (reason: string): string[] =>
  /; not (.+): see `tokenflare doctor`/.exec(reason)?.[1]?.split(', ') ?? [];

describe('RUNTIME=auto', () => {
  it('takes the first that works, never a GPU in software, and names those before it', async () => {
    const { runtime, reason } = await startFastestRuntime({ numThreads: 2, weights: 'auto' });
    const place = ORDER.indexOf(runtime.name);
    expect(place).toBeGreaterThanOrEqual(0);
    expect(runtime.device.isSoftware ?? false).toBe(false);
    expect(refusedIn(reason)).toEqual(ORDER.slice(0, place));
    expect(reason.split(' ').length).toBeLessThan(14);
    await runtime.dispose();
  });

  it('passes the native kernels over where they are off', async () => {
    const choice = await startFastestRuntime({ numThreads: 2, weights: 'auto', allowsNative: false });
    expect(choice.runtime.name).not.toBe('native');
    if (ORDER.indexOf(choice.runtime.name) > ORDER.indexOf('native')) {
      expect(refusedIn(choice.reason)).toContain('native');
    }
    await choice.runtime.dispose();
  });

  it('takes none that cannot hold the weights as asked', async () => {
    const choice = await startFastestRuntime({ numThreads: 2, weights: 'f16' }).catch(
      (error: unknown) => error as EngineError,
    );
    if (choice instanceof EngineError) {
      expect(choice.code).toBe('backend_unavailable');
      for (const name of ORDER) expect(choice.message).toContain(`not ${name}: `);
    } else {
      expect(['webgpu', 'native']).toContain(choice.runtime.name);
      await choice.runtime.dispose();
    }
  });

  it.runIf(RUNTIME_NAMES_HERE.includes('webgpu'))(
    'is not asked when a GPU in software is named',
    async () => {
      const runtime = await startRuntime('webgpu', { numThreads: undefined, weights: 'auto' });
      expect(runtime.name).toBe('webgpu');
      await runtime.dispose();
    },
  );
});

describe.each([
  ['cpu', 'f16'],
  ['cpu', 'bf16'],
  ['cpu', 'int8'],
  ['webgpu', 'int8'],
  ['tensorflow', 'int8'],
  ['tensorflow-gpu', 'int8'],
] as const)('%s', (name, weights) => {
  it(`refuses weights of ${weights}`, async () => {
    await expect(startRuntime(name, { numThreads: undefined, weights })).rejects.toMatchObject({
      code: 'config_invalid',
    });
  });
});
