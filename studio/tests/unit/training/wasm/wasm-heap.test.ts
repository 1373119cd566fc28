import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { startWasmBackend } from '../../../../training/wasm/start.ts';
import type { WasmHeap } from '../../../../training/wasm/wasm-heap.ts';

const MIB = 1024 ** 2;
const full: unknown = expect.objectContaining({ code: 'backend_failure' });

describe('WasmHeap', () => {
  let heap: WasmHeap;
  beforeAll(async () => {
    ({ heap } = await startWasmBackend());
  });

  it('aligns buffers and the tensors of tfjs to 64 bytes, and gets their bytes back', () => {
    const before = heap.numBytes;
    const buffers = [1, 3, 64, 1000].map((numBytes) => heap.malloc(numBytes));
    const tensors = [1, 7, 33].map((length) => tf.ones([length]));
    const sum = tf.tidy(() => tf.addN(tensors.map((tensor) => tf.sum(tensor))));
    const addresses = [...buffers, ...[...tensors, sum].map((tensor) => heap.tensorAddress(tensor))];
    expect(addresses.filter((address) => address % 64 !== 0)).toEqual([]);
    expect(new Set(addresses).size).toBe(addresses.length);
    expect(sum.dataSync()[0]).toBe(41);
    tf.dispose([...tensors, sum]);
    for (const buffer of buffers) heap.free(buffer);
    expect(heap.numBytes).toBe(before);
  });

  it('sees what a tensor holds, and a tensor what is written', () => {
    const tensor = tf.tensor1d([1, 2, 3]);
    const view = heap.float32(heap.tensorAddress(tensor), 3);
    expect([...view]).toEqual([1, 2, 3]);
    view[1] = 9;
    expect([...tensor.dataSync()]).toEqual([1, 9, 3]);
    tensor.dispose();
  });

  it('never hands out a buffer beyond its memory, and reuses what was freed when it is full', () => {
    const numBytes = 300 * MIB;
    const fill = (): number[] => {
      const addresses: number[] = [];
      try {
        for (;;) addresses.push(heap.malloc(numBytes));
      } catch (error) {
        expect(error).toEqual(full);
      }
      return addresses;
    };
    const addresses = fill();
    expect(addresses.length).toBeGreaterThanOrEqual(12);
    expect(Math.max(...addresses) + numBytes).toBeLessThanOrEqual(heap.memory.buffer.byteLength);
    const everySecond = addresses.filter((_, index) => index % 2 === 1);
    for (const address of everySecond) heap.free(address);
    expect(fill().sort((a, b) => a - b)).toEqual(everySecond);
    for (const address of addresses) heap.free(address);
  });

  it('refuses more than a wasm memory can hold', () => {
    expect(() => heap.malloc(5 * 1024 * MIB)).toThrow(full);
    expect(() => heap.malloc(5 * 1024 * MIB)).toThrow('5368709120 bytes');
  });
});
