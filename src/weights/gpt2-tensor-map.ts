import { EngineError } from '../errors.ts';
import type { TensorEntry } from './tensor-source.ts';

/** Where the values of one parameter are found. */
export interface StoredTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** The tensor's name in the file. */
  readonly storedName: string;
  /** The file holds the matrix as [in, out]. */
  readonly transposed: boolean;
}

const PREFIX = 'transformer.';
/** GPT-2's Conv1D layers multiply x W, so their weights are stored [in, out]. */
const CONV1D_WEIGHT = /\.(c_attn|c_proj|c_fc)\.weight$/;
/** Causal masks that old checkpoints carry as tensors. */
const MASK_BUFFER = /\.attn\.(bias|masked_bias)$/;
const HEAD = 'lm_head.weight';

/** The Hugging Face file holds this matrix as [in, out]. */
export function isStoredTransposed(name: string): boolean {
  return CONV1D_WEIGHT.test(name);
}

/**
 * Finds every expected parameter among the tensors of a Hugging Face GPT-2 file, with or without the `transformer.`
 * prefix. Mask buffers are passed over, and so is a head that the config ties to the token embedding.
 * @param expected name without prefix and [out, in] shape of each parameter
 * @throws EngineError `weights_invalid` naming every missing, misshapen or unexpected tensor
 */
export function mapGpt2Tensors(
  entries: ReadonlyMap<string, TensorEntry>,
  expected: readonly { name: string; shape: readonly number[] }[],
): StoredTensor[] {
  const problems: string[] = [];
  const stored = new Map<string, TensorEntry>();
  for (const entry of entries.values()) {
    const bareName = entry.name.startsWith(PREFIX) ? entry.name.slice(PREFIX.length) : entry.name;
    if (MASK_BUFFER.test(bareName)) continue;
    const twin = stored.get(bareName);
    if (twin !== undefined) problems.push(`both "${twin.name}" and "${entry.name}" are stored`);
    stored.set(bareName, entry);
  }
  const found: StoredTensor[] = [];
  for (const { name, shape } of expected) {
    const entry = stored.get(name);
    stored.delete(name);
    const transposed = isStoredTransposed(name);
    const storedShape = transposed ? shape.toReversed() : shape;
    if (entry === undefined) {
      problems.push(`"${name}" of shape ${formatShape(storedShape)} is missing`);
    } else if (!sameShape(entry.shape, storedShape)) {
      problems.push(
        `"${entry.name}" has shape ${formatShape(entry.shape)}, but config.json makes it ${formatShape(storedShape)}`,
      );
    } else {
      found.push({ name, shape, storedName: entry.name, transposed });
    }
  }
  stored.delete(HEAD);
  for (const extra of stored.values())
    problems.push(`"${extra.name}" ${formatShape(extra.shape)} is unexpected`);
  if (problems.length > 0) throw mismatch(problems);
  return found;
}

const MAX_PROBLEMS_SHOWN = 10;

function mismatch(problems: readonly string[]): EngineError {
  const shown = problems.slice(0, MAX_PROBLEMS_SHOWN);
  const rest = problems.length - shown.length;
  const message = `tensors do not fit config.json: ${shown.join('; ')}${rest > 0 ? `; and ${rest} more` : ''}`;
  return new EngineError('weights_invalid', message);
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

function formatShape(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}
