/** GGUF files byte by byte, so that a test can get any of them wrong. */

export interface TensorSpec {
  name: string;
  /** ggml's order: the innermost axis first. */
  shape: readonly (number | bigint)[];
  type?: number;
  offset?: number | bigint;
}

export interface FileSpec {
  magic?: string;
  version?: number;
  numTensors?: bigint;
  numPairs?: bigint;
  pairs?: readonly Buffer[];
  tensors?: readonly TensorSpec[];
  dataBytes?: number;
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function u64(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

export function text(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u64(bytes.length), bytes]);
}

export function stringPair(key: string, value: string | Buffer): Buffer {
  return Buffer.concat([text(key), u32(8), text(value)]);
}

export function u32Pair(key: string, value: number): Buffer {
  return Buffer.concat([text(key), u32(4), u32(value)]);
}

/** A list that claims `length` elements of a type, with the bytes of those it has. */
export function listPair(key: string, type: number, length: number | bigint, elements: Buffer): Buffer {
  return Buffer.concat([text(key), u32(9), u32(type), u64(length), elements]);
}

export function ggufFile(spec: FileSpec): Buffer {
  const { pairs = [], tensors = [], dataBytes = 0 } = spec;
  const header = Buffer.concat([
    Buffer.from(spec.magic ?? 'GGUF'),
    u32(spec.version ?? 3),
    u64(spec.numTensors ?? tensors.length),
    u64(spec.numPairs ?? pairs.length),
    ...pairs,
    ...tensors.flatMap(({ name, shape, type = 0, offset = 0 }) => [
      text(name),
      u32(shape.length),
      ...shape.map(u64),
      u32(type),
      u64(offset),
    ]),
  ]);
  return Buffer.concat([
    header,
    Buffer.alloc(Math.ceil(header.length / 32) * 32 - header.length + dataBytes),
  ]);
}
