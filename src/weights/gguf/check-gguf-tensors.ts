import { EngineError } from '../../errors.ts';
import { numElements } from '../safetensors-header.ts';
import type { TensorEntry } from '../tensor-source.ts';
import { BLOCK_FORMATS } from './decode-blocks.ts';

/** A tensor as a GGUF header describes it. */
export interface GgufTensorInfo {
  readonly name: string;
  /** ggml's order: the innermost axis first. */
  readonly shape: readonly bigint[];
  /** ggml's number of the format. */
  readonly dtype: number;
  /** Counted from the start of the data. */
  readonly offset: bigint;
}

/** ggml's own limit. */
const MAX_AXES = 4;

/**
 * Checks the tensors that a header lists: names used once, formats that can be read, rows of whole blocks, aligned
 * offsets, data within the file and apart from each other.
 * @returns entries by name; shapes in the usual order, a matrix as [out, in]
 * @throws EngineError `weights_invalid` naming the tensor
 */
export function checkGgufTensors(
  infos: readonly GgufTensorInfo[],
  dataBytes: number,
  alignment: number,
): Map<string, TensorEntry> {
  const entries = new Map<string, TensorEntry>();
  for (const info of infos) {
    if (entries.has(info.name)) throw invalid(info.name, 'its name is used twice');
    entries.set(info.name, toEntry(info, dataBytes, alignment));
  }
  const inFileOrder = [...entries.values()].toSorted((a, b) => a.byteStart - b.byteStart);
  let previous: TensorEntry | undefined;
  for (const entry of inFileOrder) {
    if (previous !== undefined && entry.byteStart < previous.byteEnd)
      throw invalid(
        entry.name,
        `it overlaps "${previous.name}": ${entry.byteStart} lies before ${previous.byteEnd}`,
      );
    previous = entry;
  }
  return entries;
}

function toEntry(info: GgufTensorInfo, dataBytes: number, alignment: number): TensorEntry {
  const { name } = info;
  const format = BLOCK_FORMATS.get(info.dtype);
  if (format === undefined) {
    const supported = [...BLOCK_FORMATS.values()].map((known) => known.name).join(', ');
    throw invalid(
      name,
      `its format, number ${info.dtype} of ggml's, is not supported; supported: ${supported}`,
    );
  }
  const shape = info.shape.map(Number).toReversed();
  const elements = numElements(shape);
  if (shape.length === 0 || shape.length > MAX_AXES || elements <= 0 || !Number.isSafeInteger(elements))
    throw invalid(name, `its shape [${shape.join(', ')}] is not one of 1 to ${MAX_AXES} sizes`);
  const rowLength = shape.at(-1) ?? 0;
  if (rowLength % format.blockElements !== 0) {
    throw invalid(
      name,
      `its rows of ${rowLength} are no whole blocks of ${format.blockElements}, as ${format.name} needs`,
    );
  }
  const byteStart = Number(info.offset);
  const byteEnd = byteStart + (elements / format.blockElements) * format.blockBytes;
  if (byteStart % alignment !== 0)
    throw invalid(name, `its offset ${byteStart} is no multiple of the alignment, ${alignment}`);
  if (byteEnd > dataBytes) {
    throw invalid(
      name,
      `bytes ${byteStart} to ${byteEnd} lie outside the ${dataBytes} bytes of data; is the file cut?`,
    );
  }
  return { name, dtype: format.name, shape, byteStart, byteEnd };
}

function invalid(name: string, problem: string): EngineError {
  return new EngineError('weights_invalid', `tensor "${name}": ${problem}`);
}
