import * as tf from '@tensorflow/tfjs-core';
import { assertInvariant } from '../../errors.ts';
import type { Activation, Parameter, TransformerOps } from '../ops.ts';
import type { RuntimeName } from '../../config/settings.ts';
import type { KvCache, KvCacheShape, Runtime, RuntimeMemory } from '../runtime.ts';
import type { StepBatch } from '../step-batch.ts';
import { ReferenceKvCache } from './reference-kv-cache.ts';
import { ReferenceOps, tensorOf } from './reference-ops.ts';
import { ReferenceParameter } from './reference-parameter.ts';

/** A runtime of stock tfjs operations on the backend that tfjs is set to. */
export class ReferenceRuntime implements Runtime {
  readonly name: RuntimeName;
  readonly description: string;
  readonly numThreads = 1;
  readonly #parameters: ReferenceParameter[] = [];
  readonly #caches = new Set<ReferenceKvCache>();

  constructor(name: RuntimeName, description: string) {
    this.name = name;
    this.description = description;
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

  runStep(batch: StepBatch, cache: KvCache, forward: (ops: TransformerOps) => Activation): Float32Array {
    assertInvariant(cache instanceof ReferenceKvCache, 'the KV cache belongs to this runtime');
    const result = tf.tidy(() => tensorOf(forward(new ReferenceOps(batch, cache)))); // [logitRows, cols]
    const values = result.dataSync<'float32'>(); // [logitRows, cols]
    result.dispose();
    return values;
  }

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
