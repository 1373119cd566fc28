import { matchHubTensors } from './match-hub-tensors.ts';
import type { ExpectedTensor, StoredTensor } from './match-tensors.ts';
import type { TensorEntry } from './tensor-source.ts';

const PREFIX = 'transformer.';
/** GPT-2's Conv1D layers multiply x W, so their weights are stored [in, out]. */
const CONV1D_WEIGHT = /\.(c_attn|c_proj|c_fc)\.weight$/;
/** Causal masks that old checkpoints carry as tensors. */
const MASK_BUFFER = /\.attn\.(bias|masked_bias)$/;

/** The Hugging Face file holds this matrix as [in, out]. */
export function isStoredTransposed(name: string): boolean {
  return CONV1D_WEIGHT.test(name);
}

/**
 * Finds every expected parameter among the tensors of a Hugging Face GPT-2 file, with or without the `transformer.`
 * prefix.
 * @param expected name without prefix and [out, in] shape of each parameter
 * @throws EngineError as `matchHubTensors`
 */
export const mapGpt2Tensors = (
  entries: ReadonlyMap<string, TensorEntry>,
  expected: readonly ExpectedTensor[],
): StoredTensor[] => matchHubTensors(entries, expected, { nameOf, isTransposed: isStoredTransposed });

function nameOf(storedName: string): string | undefined {
  const name = storedName.startsWith(PREFIX) ? storedName.slice(PREFIX.length) : storedName;
  return MASK_BUFFER.test(name) ? undefined : name;
}
