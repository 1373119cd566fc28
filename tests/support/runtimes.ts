import type { Runtime } from '../../src/runtime/runtime.ts';
import { createCpuRuntime } from '../../src/runtime/cpu/cpu-runtime.ts';

export interface RuntimeUnderTest {
  label: string;
  create: () => Promise<Runtime>;
  /** A row's bits depend on nothing but its own sequence; elsewhere it is equal to 1e-4. */
  bitExact: boolean;
}

/** Every runtime that the numeric suite runs on, once each. */
export const RUNTIMES: readonly RuntimeUnderTest[] = [
  { label: 'cpu', create: createCpuRuntime, bitExact: false },
];
