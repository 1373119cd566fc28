import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { staticMemoryUses } from '../../../../../scripts/build-kernels.mjs';
import { readKernels } from '../../../../training/wasm/start.ts';

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const EMPTY_MEMORY_SECTION = [5, 3, 1, 0, 1];

describe('staticMemoryUses', () => {
  it('names the sections that would claim memory of tfjs', () => {
    const data = [11, 7, 1, 0, 0x41, 0, 0x0b, 1, 42];
    const global = [6, 6, 1, 0x7f, 1, 0x41, 0, 0x0b];
    expect(staticMemoryUses(Uint8Array.from([...HEADER, ...EMPTY_MEMORY_SECTION]))).toEqual([]);
    expect(
      staticMemoryUses(Uint8Array.from([...HEADER, ...EMPTY_MEMORY_SECTION, ...global, ...data])),
    ).toEqual(['global', 'data']);
  });

  it('reads section sizes of more than one byte', () => {
    const custom = [0, 0x83, 0x01, 1, 0x78, ...new Array<number>(129).fill(11)];
    expect(staticMemoryUses(Uint8Array.from([...HEADER, ...custom]))).toEqual([]);
  });

  it('finds some in the stock module of tfjs and none in our own', async () => {
    expect(staticMemoryUses(await readKernels())).toEqual([]);
    const stock = new URL(
      '../wasm-out/tfjs-backend-wasm-threaded-simd.wasm',
      import.meta.resolve('@tensorflow/tfjs-backend-wasm'),
    );
    expect(staticMemoryUses(await readFile(stock))).toContain('data');
  });
});
