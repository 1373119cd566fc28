import { totalmem } from 'node:os';
import { EngineError } from '../errors.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { RUNTIME_TRAITS, type RuntimeName } from '../runtime/traits.ts';
import type { MemoryEstimate } from './estimate-memory.ts';

/** Of the memory there is, what models may take unless MEMORY_LIMIT_MB says it: others live here, too. */
const SHARE = 0.8;

export interface NeededMemory {
  /** What the model takes of the memory that all models share. */
  readonly memoryBytes: number;
  /** How much of it models may take together. */
  readonly memoryLimitBytes: number;
}

/**
 * What a model takes of its device's memory, and how much of that there is for models.
 * @param settingBytes of MEMORY_LIMIT_MB; undefined: by what there is
 * @throws EngineError `insufficient_memory` with the numbers when it could not fit even alone
 */
export function checkMemory(
  estimate: MemoryEstimate,
  { name, device }: Pick<Runtime, 'name' | 'device'>,
  settingBytes: number | undefined,
): NeededMemory {
  const isOnGpu = RUNTIME_TRAITS[name].usesGpu && device.isSoftware !== true;
  const memoryBytes = neededBytesOn(estimate, name, isOnGpu);
  const thereIs = isOnGpu ? (device.memoryBytes ?? Infinity) : hostMemoryBytes();
  const memoryLimitBytes = settingBytes ?? Math.floor(SHARE * thereIs);
  if (memoryBytes <= memoryLimitBytes) return { memoryBytes, memoryLimitBytes };
  const place = isOnGpu ? device.name : 'this machine';
  const limit =
    settingBytes === undefined
      ? `models may take ${mib(memoryLimitBytes)}, ${SHARE * 100} % of what ${place} has`
      : `MEMORY_LIMIT_MB is ${mib(memoryLimitBytes)}`;
  throw tooLarge(estimate, memoryBytes, limit, 'a larger MEMORY_LIMIT_MB');
}

/**
 * What a model takes of the memory that all models of a runtime share: a GPU's is shared by tensors alone.
 * @throws EngineError `insufficient_memory` with the numbers when a wasm heap cannot hold it
 */
export function neededBytesOn(
  estimate: MemoryEstimate,
  runtime: RuntimeName,
  isOnGpu = RUNTIME_TRAITS[runtime].usesGpu,
): number {
  const tensorBytes = estimate.totalBytes - estimate.processBytes;
  const { maxTensorBytes } = RUNTIME_TRAITS[runtime];
  if (tensorBytes > maxTensorBytes) {
    throw tooLarge(
      estimate,
      tensorBytes,
      `a ${runtime} heap holds ${mib(maxTensorBytes)}`,
      'another RUNTIME',
    );
  }
  return isOnGpu ? tensorBytes : estimate.totalBytes;
}

/** The machine's memory, or what a container is given of it. */
function hostMemoryBytes(): number {
  // 0 or far more than there is where nothing constrains the process.
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

function tooLarge(estimate: MemoryEstimate, bytes: number, why: string, remedy: string): EngineError {
  const { weightBytes, kvCacheBytes, stepBytes } = estimate;
  return new EngineError(
    'insufficient_memory',
    `the model needs ${mib(bytes)} (weights ${mib(weightBytes)}, KV cache ${mib(kvCacheBytes)}, steps ${mib(stepBytes)}), ` +
      `and ${why}; take a smaller model, a smaller KV_CACHE_MB or MAX_MODEL_LEN, or ${remedy}`,
    { retryable: false, details: { ...estimate } },
  );
}

/** For messages. */
export const mib = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;
