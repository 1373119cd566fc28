import { open, type FileHandle } from 'node:fs/promises';
import { assertInvariant, EngineError } from '../errors.ts';
import { decodeBfloat16, decodeFloat16 } from '../runtime/half-precision.ts';
import { readFully } from './read-fully.ts';
import { numElements, parseSafetensorsHeader } from './safetensors-header.ts';
import type { TensorEntry, TensorSource } from './tensor-source.ts';

const LENGTH_BYTES = 8;
/** The format's own limit. */
const MAX_HEADER_BYTES = 100_000_000;
const CHUNK_ELEMENTS = 1 << 19;

/** An open safetensors file. Tensors are read one by one at their offsets; the file as a whole is never in memory. */
export class SafetensorsReader implements TensorSource {
  readonly path: string;
  readonly entries: ReadonlyMap<string, TensorEntry>;
  readonly #file: FileHandle;
  readonly #dataStart: number;

  private constructor(
    path: string,
    file: FileHandle,
    dataStart: number,
    entries: ReadonlyMap<string, TensorEntry>,
  ) {
    this.path = path;
    this.#file = file;
    this.#dataStart = dataStart;
    this.entries = entries;
  }

  /** @throws EngineError `weights_invalid` when the file is missing or not a sound safetensors file */
  static async open(path: string): Promise<SafetensorsReader> {
    let file: FileHandle;
    try {
      file = await open(path, 'r');
    } catch (cause) {
      throw new EngineError('weights_invalid', `cannot open ${path}: ${String(cause)}`, { cause });
    }
    try {
      const { header, dataStart, dataBytes } = await readHeader(file);
      return new SafetensorsReader(path, file, dataStart, parseSafetensorsHeader(header, dataBytes));
    } catch (error) {
      await file.close();
      if (!(error instanceof EngineError)) throw error;
      throw new EngineError('weights_invalid', `${path}: ${error.message}`, { cause: error });
    }
  }

  /**
   * One tensor as float32, row-major, in an array of its own.
   * @throws EngineError `weights_invalid` when there is none of that name or its dtype is not F32, F16 or BF16
   */
  async read(name: string): Promise<Float32Array> {
    const entry = this.entries.get(name);
    if (entry === undefined) throw new EngineError('weights_invalid', `${this.path} has no tensor "${name}"`);
    const position = this.#dataStart + entry.byteStart;
    const values = new Float32Array(numElements(entry.shape)); // entry.shape, flat
    switch (entry.dtype) {
      case 'F32':
        await readFully(this.#file, new Uint8Array(values.buffer), position);
        return values;
      case 'F16':
        await this.#readHalves(values, position, decodeFloat16);
        return values;
      case 'BF16':
        await this.#readHalves(values, position, decodeBfloat16);
        return values;
      default:
        throw new EngineError(
          'weights_invalid',
          `tensor "${name}" is stored as ${entry.dtype}; supported: F32, F16, BF16`,
        );
    }
  }

  async readBytes(name: string, target: Uint8Array, start: number): Promise<void> {
    const entry = this.entries.get(name);
    assertInvariant(
      entry && entry.byteStart + start + target.length <= entry.byteEnd,
      `${name} has the bytes`,
    );
    await readFully(this.#file, target, this.#dataStart + entry.byteStart + start);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #readHalves(
    values: Float32Array,
    position: number,
    decode: (source: Uint16Array, target: Float32Array) => void,
  ): Promise<void> {
    const halves = new Uint16Array(Math.min(values.length, CHUNK_ELEMENTS)); // [elements]
    for (let start = 0; start < values.length; start += halves.length) {
      const chunk = halves.subarray(0, Math.min(halves.length, values.length - start)); // [elements]
      await readFully(this.#file, new Uint8Array(halves.buffer, 0, chunk.byteLength), position + 2 * start);
      decode(chunk, values.subarray(start, start + chunk.length));
    }
  }
}

async function readHeader(
  file: FileHandle,
): Promise<{ header: string; dataStart: number; dataBytes: number }> {
  const { size } = await file.stat();
  if (size < LENGTH_BYTES)
    throw new EngineError('weights_invalid', `${size} bytes are too few for a safetensors file`);
  const length = new DataView(new ArrayBuffer(LENGTH_BYTES));
  await readFully(file, new Uint8Array(length.buffer), 0);
  const headerBytes = length.getBigUint64(0, true);
  if (headerBytes > BigInt(Math.min(MAX_HEADER_BYTES, size - LENGTH_BYTES))) {
    throw new EngineError(
      'weights_invalid',
      `the header claims ${headerBytes} bytes of a file of ${size} (limit ${MAX_HEADER_BYTES}); not a safetensors file, or cut`,
    );
  }
  const header = new Uint8Array(Number(headerBytes));
  await readFully(file, header, LENGTH_BYTES);
  const dataStart = LENGTH_BYTES + header.length;
  return { header: new TextDecoder().decode(header), dataStart, dataBytes: size - dataStart };
}
