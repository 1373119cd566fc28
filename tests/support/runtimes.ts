import type { Runtime } from '../../src/runtime/runtime.ts';
import { startRuntime } from '../../src/runtime/start-runtime.ts';

export interface RuntimeUnderTest {
  label: string;
  create: () => Promise<Runtime>;
  /** A row's bits depend on nothing but its own sequence; elsewhere it is equal to 1e-4. */
  bitExact: boolean;
}

/** Every runtime that the numeric suite runs on, once each. */
export const RUNTIMES: readonly RuntimeUnderTest[] = [
  { label: 'cpu', create: () => startRuntime('cpu', { numThreads: 1 }), bitExact: false },
  { label: 'wasm, 1 thread', create: () => startRuntime('wasm', { numThreads: 1 }), bitExact: true },
  { label: 'wasm, 2 threads', create: () => startRuntime('wasm', { numThreads: 2 }), bitExact: true },
];
