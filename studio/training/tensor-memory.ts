import { assertInvariant, EngineError } from '../../src/errors.ts';
import type { Handle, KernelAddon, TensorMemory } from '../../src/runtime/kernels/kernel-addon.ts';

/** Floats of a cache line: no two arrays share one. */
const ALIGNMENT = 16;
/** Floats of a chunk, 64 MiB; an array that is larger has one of its own size. */
const CHUNK_FLOATS = 2 ** 24;

/** A stretch of a chunk, in floats. */
interface Block {
  readonly chunk: Float32Array;
  readonly start: number;
  readonly end: number;
}

/**
 * Where the trainer's tensors lie: in few large chunks of the kernels' memory, which stay. A step makes and frees some
 * gigabyte of activations; from the system each would come with page faults, and from V8 with collections.
 */
export class TrainingMemory implements TensorMemory {
  readonly #addon: KernelAddon;
  /** Free stretches, by chunk and place; no two of them touch. */
  readonly #free = new Map<Float32Array, Block[]>();
  readonly #used = new Map<Handle, { block: Block; values: Float32Array }>();
  #nextHandle = 0;

  constructor(addon: KernelAddon) {
    this.#addon = addon;
  }

  /** Bytes of arrays that are in use. */
  get numBytes(): number {
    return [...this.#used.values()].reduce((sum, { values }) => sum + values.byteLength, 0);
  }

  /** An array of arbitrary numbers, [size]. */
  addVector(size: number): Handle {
    const length = Math.ceil(Math.max(size, 1) / ALIGNMENT) * ALIGNMENT;
    const block = this.#take(length) ?? this.#grow(length);
    const values = block.chunk.subarray(block.start, block.start + size); // [size]
    this.#used.set(this.#nextHandle, { block, values });
    return this.#nextHandle++;
  }

  /** The array itself, valid until it is freed. */
  floatsOf(handle: Handle): Float32Array {
    const used = this.#used.get(handle);
    assertInvariant(used !== undefined, 'there is such an array');
    return used.values;
  }

  /** The array as integers, valid until it is freed. */
  integersOf(handle: Handle): Int32Array {
    const { buffer, byteOffset, length } = this.floatsOf(handle);
    return new Int32Array(buffer, byteOffset, length);
  }

  writeVector(handle: Handle, values: Float32Array): void {
    this.floatsOf(handle).set(values);
  }

  readTensor(handle: Handle): ArrayBuffer {
    return Float32Array.from(this.floatsOf(handle)).buffer;
  }

  freeTensor(handle: Handle): void {
    const used = this.#used.get(handle);
    assertInvariant(used !== undefined, 'an array is freed once');
    this.#used.delete(handle);
    this.#giveBack(used.block);
  }

  /** Of the stretches that are long enough the shortest one's beginning. */
  #take(length: number): Block | undefined {
    let best: { blocks: Block[]; index: number; room: number } | undefined;
    for (const blocks of this.#free.values()) {
      for (const [index, { start, end }] of blocks.entries()) {
        const room = end - start;
        if (room >= length && room < (best?.room ?? Infinity)) best = { blocks, index, room };
      }
    }
    const found = best?.blocks[best.index];
    if (best === undefined || found === undefined) return undefined;
    const { chunk, start, end } = found;
    const rest = start + length < end ? [{ chunk, start: start + length, end }] : [];
    best.blocks.splice(best.index, 1, ...rest);
    return { chunk, start, end: start + length };
  }

  #grow(length: number): Block {
    const chunk = this.#addChunk(Math.max(length, CHUNK_FLOATS));
    const rest = length < chunk.length ? [{ chunk, start: length, end: chunk.length }] : [];
    this.#free.set(chunk, rest);
    return { chunk, start: 0, end: length };
  }

  #addChunk(size: number): Float32Array {
    try {
      return this.#addon.addFloats(size);
    } catch (cause) {
      const [wanted, used] = [size * 4, this.numBytes].map((bytes) => Math.ceil(bytes / 2 ** 20));
      throw new EngineError(
        'backend_failure',
        `there is no memory for another ${wanted} MiB of tensors beside ${used} MiB: a smaller --batch takes less`,
        { cause },
      );
    }
  }

  /** Joins the stretch with those that it touches. */
  #giveBack({ chunk, start, end }: Block): void {
    const blocks = this.#free.get(chunk);
    assertInvariant(blocks !== undefined, 'a stretch is of a chunk');
    const next = blocks.findIndex((block) => block.start >= end);
    const index = next === -1 ? blocks.length : next;
    const [before, after] = [blocks[index - 1], blocks[index]];
    const joinsBefore = before?.end === start;
    const joinsAfter = after?.start === end;
    blocks.splice(joinsBefore ? index - 1 : index, Number(joinsBefore) + Number(joinsAfter), {
      chunk,
      start: joinsBefore ? before.start : start,
      end: joinsAfter ? after.end : end,
    });
  }
}
