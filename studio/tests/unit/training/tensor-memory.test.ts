import { describe, expect, it } from 'vitest';
import type { KernelAddon } from '../../../../src/runtime/kernels/kernel-addon.ts';
import { TrainingMemory } from '../../../training/tensor-memory.ts';

const CHUNK = 2 ** 24;

/** Memory over arrays of JavaScript, and the sizes that it asked for. */
function memory(): { memory: TrainingMemory; chunks: number[] } {
  const chunks: number[] = [];
  const addFloats = (size: number): Float32Array => {
    chunks.push(size);
    return new Float32Array(size);
  };
  return { memory: new TrainingMemory({ addFloats } as unknown as KernelAddon), chunks };
}

describe('TrainingMemory', () => {
  it('gives arrays that begin at cache lines and share no number', () => {
    const { memory: own, chunks } = memory();
    const handles = [1, 16, 17, 1000].map((size) => own.addVector(size));
    handles.forEach((handle, i) =>
      own.writeVector(
        handle,
        own.floatsOf(handle).map(() => i + 1),
      ),
    );
    for (const [i, handle] of handles.entries()) {
      expect(own.floatsOf(handle).byteOffset % 64).toBe(0);
      expect(new Set(own.floatsOf(handle))).toEqual(new Set([i + 1]));
    }
    expect(own.numBytes).toBe(4 * 1034);
    expect(chunks).toEqual([CHUNK]);
  });

  it('reads a copy', () => {
    const { memory: own } = memory();
    const handle = own.addVector(3);
    own.writeVector(handle, Float32Array.of(1, 2, 3));
    const copy = new Float32Array(own.readTensor(handle));
    own.writeVector(handle, Float32Array.of(4, 5, 6));
    expect([...copy]).toEqual([1, 2, 3]);
  });

  it('sees integers in the place of floats', () => {
    const { memory: own } = memory();
    const handle = own.addVector(2);
    own.integersOf(handle).set([1, -1]);
    expect([...own.integersOf(handle)]).toEqual([1, -1]);
    expect(own.floatsOf(handle)[1]).toBeNaN();
  });

  it.each([
    ['in order', [0, 1, 2, 3]],
    ['from the last on', [3, 2, 1, 0]],
    ['every other one first', [0, 2, 1, 3]],
  ])('joins what was freed %s, so that the whole chunk can be had again', (_, order) => {
    const { memory: own, chunks } = memory();
    const handles = order.map(() => own.addVector(CHUNK / 4));
    for (const index of order) own.freeTensor(handles[index] ?? NaN);
    expect(own.numBytes).toBe(0);
    own.addVector(CHUNK);
    expect(chunks).toEqual([CHUNK]);
  });

  it('takes the shortest stretch that is long enough, and grows where there is none', () => {
    const { memory: own, chunks } = memory();
    const [long, , short] = [CHUNK / 2, CHUNK / 4, CHUNK / 8, CHUNK / 8].map((size) => own.addVector(size));
    const place = own.floatsOf(short ?? NaN).byteOffset;
    own.freeTensor(long ?? NaN);
    own.freeTensor(short ?? NaN);
    expect(own.floatsOf(own.addVector(CHUNK / 8)).byteOffset).toBe(place);
    own.addVector(CHUNK / 2);
    expect(chunks).toEqual([CHUNK]);
    own.addVector(CHUNK + 16);
    expect(chunks).toEqual([CHUNK, CHUNK + 16]);
  });

  it('says what to do where there is no memory', () => {
    const addFloats = (): never => {
      throw new Error('none');
    };
    const none = { addFloats } as unknown as KernelAddon;
    expect(() => new TrainingMemory(none).addVector(8)).toThrow(
      expect.objectContaining({
        code: 'backend_failure',
        message: expect.stringContaining('64 MiB') as string,
      }),
    );
  });

  it('refuses what is freed twice', () => {
    const { memory: own } = memory();
    const handle = own.addVector(8);
    own.freeTensor(handle);
    expect(() => own.freeTensor(handle)).toThrow('an array is freed once');
    expect(() => own.floatsOf(handle)).toThrow('there is such an array');
  });
});
