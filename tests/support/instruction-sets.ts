import { afterAll, beforeAll } from 'vitest';
import type { KernelRuntime } from '../../src/runtime/kernels/kernel-runtime.ts';
import { loadAddon } from '../../src/runtime/native/native-addon.ts';
import { createNativeRuntime } from '../../src/runtime/native/native-runtime.ts';

/** A native runtime of two threads for each instruction set of this processor, from the first test of a block to its last. */
export function useInstructionSets(): readonly KernelRuntime[] {
  const runtimes: KernelRuntime[] = [];
  beforeAll(() => {
    const names = loadAddon().start(2);
    names.forEach((_, instructionSet) =>
      runtimes.push(createNativeRuntime({ numThreads: 2, weights: 'f32', instructionSet })),
    );
  });
  afterAll(() => Promise.all(runtimes.map((runtime) => runtime.dispose())));
  return runtimes;
}
