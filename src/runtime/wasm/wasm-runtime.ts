import { readFile } from 'node:fs/promises';
import { EngineError } from '../../errors.ts';
import { forgetBackend } from '../kernels/kernel-backend.ts';
import { KernelRuntime } from '../kernels/kernel-runtime.ts';
import { checkWeightFormat, kvCacheFormat, type KvCacheRequest, type WeightFormat } from '../traits.ts';
import { WasmAddon } from './wasm-addon.ts';

export interface WasmRuntimeOptions {
  /** Threads that compute, the calling one included. */
  numThreads: number;
  weights: WeightFormat;
  kvCacheFormat?: KvCacheRequest | undefined;
  /** Numbers of a head of keys, on which it depends how they are held. */
  headDim?: number | undefined;
}

/** The modules of scripts/build-wasm.mjs, the faster first. */
const MODULES = ['inference-relaxed', 'inference'] as const;

/** The kernels in C++ as WebAssembly. Throws `backend_unavailable` or `config_invalid`. */
export async function createWasmRuntime({
  numThreads,
  weights,
  kvCacheFormat: askedFormat = 'auto',
  headDim,
}: WasmRuntimeOptions): Promise<KernelRuntime> {
  checkWeightFormat('wasm', weights);
  const addon = await startWasmAddon(numThreads);
  return new KernelRuntime({
    name: 'wasm',
    addon,
    numThreads,
    weights,
    cacheFormat: kvCacheFormat('wasm', weights, askedFormat, headDim),
    instructionSet: { name: addon.name, index: 0 },
    end: () => {
      forgetBackend(addon);
      return addon.dispose();
    },
  });
}

/** @throws EngineError `backend_unavailable` */
export async function startWasmAddon(numThreads: number): Promise<WasmAddon> {
  for (const name of MODULES) {
    const bytes = await readKernels(name);
    // Node 20 does not know relaxed SIMD.
    const addon = WebAssembly.validate(bytes) ? await WasmAddon.create(bytes, numThreads) : undefined;
    if (addon !== undefined) return addon;
  }
  throw new EngineError('backend_unavailable', 'this engine computes none of the wasm kernels right');
}

async function readKernels(name: (typeof MODULES)[number]): Promise<Uint8Array> {
  // Compiled code lies in dist/src/runtime/wasm, the sources in src/runtime/wasm.
  const folder = import.meta.url.endsWith('.ts') ? '../../../dist/kernels/' : '../../../kernels/';
  try {
    return await readFile(new URL(`${folder}${name}.wasm`, import.meta.url));
  } catch (cause) {
    throw new EngineError('backend_unavailable', `the ${name} kernels are not built: run \`npm run build\``, {
      cause,
    });
  }
}
