import { inject } from 'vitest';
import { loadAddon } from '../../src/runtime/native/native-addon.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { startRuntime } from '../../src/runtime/start-runtime.ts';
import type { RuntimeName } from '../../src/runtime/traits.ts';

export interface RuntimeUnderTest {
  name: RuntimeName;
  label: string;
  create: () => Promise<Runtime>;
  /** A row's bits depend on nothing but its own sequence; elsewhere it is equal to 1e-4. */
  bitExact: boolean;
}

/** In float32, so that all can be held to the same numbers. */
const runtime = (name: RuntimeName, numThreads: number, bitExact = false): RuntimeUnderTest => ({
  name,
  label: numThreads === 1 ? name : `${name}, ${numThreads} threads`,
  create: () => startRuntime(name, { numThreads, weights: 'f32' }),
  bitExact,
});

const VARIANTS: Record<RuntimeName, RuntimeUnderTest[]> = {
  cpu: [runtime('cpu', 1)],
  wasm: [runtime('wasm', 1, true), runtime('wasm', 2, true)],
  native: [runtime('native', 1, true), runtime('native', 2, true)],
  webgpu: [runtime('webgpu', 1)],
  tensorflow: [runtime('tensorflow', 2)],
  'tensorflow-gpu': [runtime('tensorflow-gpu', 1)],
};

/** Stock operations compute the padding of a step; kernels of our own do not. */
export const computesPadding = ({ name }: RuntimeUnderTest): boolean =>
  ['cpu', 'tensorflow', 'tensorflow-gpu'].includes(name);

/** The runtimes that work here, as tests/support/probe-runtimes.ts found them. */
export const RUNTIME_NAMES_HERE: readonly RuntimeName[] = inject('runtimes');

/** For single operations and for goldens. */
export const EVERY_RUNTIME: readonly RuntimeUnderTest[] = RUNTIME_NAMES_HERE.flatMap(
  (name) => VARIANTS[name],
);

/** For the matrix of what holds of a step by each model. */
export const RUNTIMES: readonly RuntimeUnderTest[] = EVERY_RUNTIME.filter(({ name }) =>
  inject('matrix').includes(name),
);

/** RUNTIMES and those that round: what holds of a runtime beside itself holds of them, too. */
export const RUNTIMES_WITH_INT8: readonly RuntimeUnderTest[] = [
  ...RUNTIMES,
  ...RUNTIME_NAMES_HERE.filter((name) => name === 'wasm' || name === 'native').map((name) => ({
    name,
    label: `${name}, int8`,
    create: () => startRuntime(name, { numThreads: 2, weights: 'int8' }),
    bitExact: true,
  })),
  ...RUNTIME_NAMES_HERE.filter((name) => name === 'native').map((name) => ({
    name,
    label: `${name}, int8, keys and values too`,
    create: () => startRuntime(name, { numThreads: 2, weights: 'int8', kvCacheFormat: 'int8' }),
    bitExact: true,
  })),
];

/** What may multiply matrices for the trainer here. */
export const PRODUCTS_HERE: readonly ('wasm' | 'native')[] = RUNTIME_NAMES_HERE.includes('native')
  ? ['wasm', 'native']
  : ['wasm'];

/** Whether this processor has instructions for products of bfloat16. */
export const HAS_BFLOAT_PRODUCTS = RUNTIME_NAMES_HERE.includes('native') && loadAddon().startBFloats() !== '';
