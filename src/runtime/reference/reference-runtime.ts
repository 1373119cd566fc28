import * as tf from '@tensorflow/tfjs-core';
import { assertInvariant } from '../../errors.ts';
import type { Parameter } from '../ops.ts';
import { rowsOf } from '../rows-of.ts';
import type {
  Forward,
  KvCache,
  KvCacheShape,
  PageBytes,
  PageTable,
  Runtime,
  RuntimeDevice,
  RuntimeMemory,
} from '../runtime.ts';
import type { StepBatch, StepRow } from '../step-batch.ts';
import type { RuntimeName } from '../traits.ts';
import { ReferenceKvCache } from './reference-kv-cache.ts';
import { ReferenceOps, tensorOf } from './reference-ops.ts';
import { ReferenceParameter } from './reference-parameter.ts';

/** A runtime of stock tfjs operations on the backend that tfjs is set to. */
export class ReferenceRuntime implements Runtime {
  readonly name: RuntimeName;
  readonly description: string;
  readonly device: RuntimeDevice;
  readonly numThreads = 1;
  readonly #parameters: ReferenceParameter[] = [];
  readonly #caches = new Set<ReferenceKvCache>();

  constructor(name: RuntimeName, description: string, device: RuntimeDevice) {
    this.name = name;
    this.description = description;
    this.device = device;
  }

  createParameter(name: string, shape: readonly number[], values: Float32Array): Parameter {
    const parameter = new ReferenceParameter(name, shape, values);
    this.#parameters.push(parameter);
    return parameter;
  }

  createKvCache(shape: KvCacheShape): KvCache {
    const cache = new ReferenceKvCache(shape);
    this.#caches.add(cache);
    return cache;
  }

  async runStep(batch: StepBatch, cache: KvCache, forward: Forward): Promise<readonly StepRow[]> {
    assertInvariant(cache instanceof ReferenceKvCache, 'the KV cache belongs to this runtime');
    const result = tf.tidy(() => tensorOf(forward(new ReferenceOps(batch, cache)))); // [logitRows, cols]
    const values = await result.data<'float32'>(); // [logitRows, cols]
    result.dispose();
    return rowsOf(values, result.shape[1]);
  }

  /** Stock operations take the whole matrix. */
  numComputedRows({ tokenIds }: StepBatch): number {
    return tokenIds.length;
  }

  copyPage(cache: KvCache, from: number, to: number, table: PageTable = 'pages'): void {
    referenceCache(cache).copyPage(from, to, table);
  }

  readonly pageBytes: PageBytes = {
    format: 'reference',
    readPage: (cache, page, bytes) => referenceCache(cache).readPage(page, bytes),
    writePage: (cache, page, bytes) => referenceCache(cache).writePage(page, bytes),
  };

  memory(): RuntimeMemory {
    const { numTensors, numBytes } = tf.memory();
    let cacheBytes = 0;
    for (const cache of this.#caches) cacheBytes += cache.numBytes;
    return { numTensors, numBytes: numBytes + cacheBytes };
  }

  async dispose(): Promise<void> {
    for (const { tensor } of this.#parameters) tensor.dispose();
    for (const cache of this.#caches) cache.dispose();
    this.#parameters.length = 0;
    this.#caches.clear();
    return Promise.resolve();
  }
}

function referenceCache(cache: KvCache): ReferenceKvCache {
  assertInvariant(cache instanceof ReferenceKvCache, 'the KV cache belongs to this runtime');
  return cache;
}
