import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { assertInvariant } from '../errors.ts';
import { encodeBfloat16, encodeFloat16 } from '../runtime/half-precision.ts';
import { numElements } from './safetensors-header.ts';

export type StoredDtype = 'F32' | 'F16' | 'BF16';

export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

const ENCODERS: Readonly<Record<StoredDtype, (values: Float32Array) => ArrayBufferView>> = {
  F32: (values) => values,
  F16: encodeFloat16,
  BF16: encodeBfloat16,
};

/**
 * Writes a safetensors file (https://huggingface.co/docs/safetensors), all tensors in one dtype, in the order given.
 * The file appears under its name when it is whole, never before.
 * @param metadata free text by key; transformers asks for `format: 'pt'`
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly NamedTensor[],
  dtype: StoredDtype = 'F32',
  metadata: Readonly<Record<string, string>> = { format: 'pt' },
): Promise<void> {
  const partialPath = `${path}.${process.pid}.partial`;
  try {
    const file = await open(partialPath, 'w');
    try {
      await writeFully(file, encodeHeader(tensors, dtype, metadata));
      for (const { values } of tensors) await writeFully(file, ENCODERS[dtype](values));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partialPath, path);
  } catch (error) {
    await rm(partialPath, { force: true });
    throw error;
  }
}

function encodeHeader(
  tensors: readonly NamedTensor[],
  dtype: StoredDtype,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const bytesPerElement = dtype === 'F32' ? 4 : 2;
  const fields = new Map<string, unknown>([['__metadata__', metadata]]);
  let byteStart = 0;
  for (const { name, shape, values } of tensors) {
    assertInvariant(
      numElements(shape) === values.length,
      `tensor "${name}" has as many values as its shape says`,
    );
    assertInvariant(!fields.has(name), `tensor name "${name}" is used once`);
    const byteEnd = byteStart + values.length * bytesPerElement;
    fields.set(name, { dtype, shape, data_offsets: [byteStart, byteEnd] });
    byteStart = byteEnd;
  }
  const json = JSON.stringify(Object.fromEntries(fields));
  const jsonBytes = Buffer.byteLength(json);
  // Spaces after the JSON keep the data aligned to 8 bytes, as the format's own writer does.
  const header = Buffer.alloc(8 + Math.ceil(jsonBytes / 8) * 8, ' ');
  header.writeBigUInt64LE(BigInt(header.length - 8), 0);
  header.write(json, 8);
  return header;
}

async function writeFully(file: FileHandle, view: ArrayBufferView): Promise<void> {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await file.write(bytes, written, Math.min(bytes.length - written, 1 << 30));
    written += bytesWritten;
  }
}
