import { open, type FileHandle } from 'node:fs/promises';
import { assertInvariant, EngineError } from '../../errors.ts';
import { readFully } from '../read-fully.ts';
import { numElements } from '../safetensors-header.ts';
import type { TensorEntry, TensorSource } from '../tensor-source.ts';
import { BLOCK_FORMATS, type BlockFormat } from './decode-blocks.ts';
import { readGgufHeader, type GgufHeader } from './gguf-header.ts';

/** Elements widened at a time: a whole number of blocks of any format. */
const CHUNK_ELEMENTS = 1 << 19;
const FORMAT_BY_NAME: ReadonlyMap<string, BlockFormat> = new Map(
  [...BLOCK_FORMATS.values()].map((format) => [format.name, format]),
);

/** An open GGUF file. Tensors are read one by one and widened to float32; the file as a whole is never in memory. */
export class GgufReader implements TensorSource {
  readonly path: string;
  readonly metadata: ReadonlyMap<string, unknown>;
  readonly entries: ReadonlyMap<string, TensorEntry>;
  readonly #dataStart: number;
  readonly #file: FileHandle;

  private constructor(path: string, file: FileHandle, { metadata, tensors, dataStart }: GgufHeader) {
    this.path = path;
    this.#file = file;
    this.metadata = metadata;
    this.entries = tensors;
    this.#dataStart = dataStart;
  }

  /** @throws EngineError `weights_invalid` when the file is missing or not a sound GGUF file */
  static async open(path: string): Promise<GgufReader> {
    const header = await readGgufHeader(path);
    return new GgufReader(path, await open(path, 'r'), header);
  }

  async read(name: string): Promise<Float32Array> {
    const entry = this.entries.get(name);
    if (entry === undefined) throw new EngineError('weights_invalid', `${this.path} has no tensor "${name}"`);
    const format = FORMAT_BY_NAME.get(entry.dtype);
    assertInvariant(format, 'entries have known formats only');
    const values = new Float32Array(numElements(entry.shape)); // entry.shape, flat
    for (let start = 0; start < values.length; start += CHUNK_ELEMENTS) {
      const target = values.subarray(start, start + CHUNK_ELEMENTS); // [elements]
      const blocks = new Uint8Array((target.length / format.blockElements) * format.blockBytes);
      const position = entry.byteStart + (start / format.blockElements) * format.blockBytes;
      await readFully(this.#file, blocks, this.#dataStart + position);
      format.decode(blocks, target);
    }
    return values;
  }

  async readStored(name: string, target: Uint8Array, start: number): Promise<void> {
    const entry = this.entries.get(name);
    if (entry === undefined) throw new EngineError('weights_invalid', `${this.path} has no tensor "${name}"`);
    assertInvariant(entry.byteStart + start + target.length <= entry.byteEnd, `bytes of ${name} are its own`);
    await readFully(this.#file, target, this.#dataStart + entry.byteStart + start);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
