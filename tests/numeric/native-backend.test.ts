import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadAddon } from '../../src/runtime/native/native-addon.ts';
import { kernelBackend } from '../../src/runtime/kernels/kernel-backend.ts';
import { createNativeRuntime } from '../../src/runtime/native/native-runtime.ts';
import { PAGE_TOKENS } from '../../src/pages.ts';
import { RUNTIME_NAMES_HERE } from '../support/runtimes.ts';

describe.runIf(RUNTIME_NAMES_HERE.includes('native'))('the native backend of tfjs', () => {
  let numBytesBefore: number;
  let numTensorsBefore: number;
  beforeAll(async () => {
    loadAddon().start(1);
    kernelBackend(loadAddon());
    await tf.ready();
    numBytesBefore = loadAddon().numBytes();
    numTensorsBefore = tf.memory().numTensors;
  });
  afterAll(() => {
    expect(loadAddon().numBytes()).toBe(numBytesBefore);
    expect(tf.memory().numTensors).toBe(numTensorsBefore);
  });

  it.each([
    ['float32', [1.5, -2, 0.25, 3e8]],
    ['int32', [1, -2, 3, 2 ** 30]],
    ['bool', [1, 0, 0, 1]],
  ] as const)('gives back what it was given: %s', async (dtype, values) => {
    const tensor = tf.tensor2d([...values], [2, 2], dtype);
    expect([...tensor.dataSync()]).toEqual(values);
    expect([...(await tensor.data())]).toEqual(values);
    tensor.dispose();
  });

  it('holds the numbers of reshaped tensors and clones once, until the last is gone', () => {
    const tensor = tf.tensor1d([1, 2, 3, 4, 5, 6]);
    const numBytes = loadAddon().numBytes();
    const matrix = tf.reshape(tensor, [2, 3]);
    const copy = matrix.clone();
    expect(loadAddon().numBytes()).toBe(numBytes);
    tensor.dispose();
    matrix.dispose();
    expect([...copy.dataSync()]).toEqual([1, 2, 3, 4, 5, 6]);
    copy.dispose();
    expect(loadAddon().numBytes()).toBe(numBytesBefore);
  });

  it('counts parameters and caches, and has nothing of them once their runtime is gone', async () => {
    const runtime = createNativeRuntime({ numThreads: 1, weights: 'f32' });
    const before = tf.memory();
    runtime.createParameter('matrix', [3, 5], new Float32Array(15));
    runtime.createParameter('vector', [7], new Float32Array(7));
    runtime.createKvCache({ numLayers: 1, numKvHeads: 1, headDim: 4, numPages: 2, maxStepPages: 2 });
    expect(tf.memory().numTensors).toBe(before.numTensors + 3);
    // 3 outputs in a panel of 32; a head of 4 padded to 16.
    expect(loadAddon().numBytes() - numBytesBefore).toBe(4 * (32 * 5 + 7 + 2 * 2 * PAGE_TOKENS * 16));
    expect(tf.memory().numBytes - before.numBytes).toBe(loadAddon().numBytes() - numBytesBefore);
    await runtime.dispose();
    expect(tf.memory().numTensors).toBe(before.numTensors);
  });
});
