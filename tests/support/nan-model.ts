import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fixturePath } from './fixtures.ts';

interface TensorHeader {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

/**
 * A copy of a fixture's folder in which one row of a matrix is NaN: of the embedding of tokens or positions, so that
 * prompts without that token, or shorter ones, are as they were.
 */
export function writeNanModel(path: string, fixture: string, matrix: string, row: number): void {
  cpSync(fixturePath(fixture), path, { recursive: true });
  const file = join(path, 'model.safetensors');
  const bytes = readFileSync(file);
  const headerBytes = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerBytes)) as Record<string, TensorHeader>;
  const tensor = header[matrix];
  if (tensor === undefined) throw new Error(`${fixture} has no ${matrix}`);
  const [start, end] = tensor.data_offsets;
  const rowBytes = (end - start) / (tensor.shape[0] ?? NaN);
  const rowStart = 8 + headerBytes + start + row * rowBytes;
  // All bits set is NaN in float32, float16 and bfloat16.
  bytes.fill(0xff, rowStart, rowStart + rowBytes);
  writeFileSync(file, bytes);
}
