import { matchTensors, type ExpectedTensor, type StoredTensor } from './match-tensors.ts';
import type { TensorEntry } from './tensor-source.ts';

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
  expected: readonly ExpectedTensor[],
): StoredTensor[] {
  const problems: string[] = [];
  const byName = new Map<string, TensorEntry>();
  for (const entry of entries.values()) {
    const bareName = entry.name.startsWith(PREFIX) ? entry.name.slice(PREFIX.length) : entry.name;
    if (MASK_BUFFER.test(bareName)) continue;
    const twin = byName.get(bareName);
    if (twin !== undefined) problems.push(`both "${twin.name}" and "${entry.name}" are stored`);
    byName.set(bareName, entry);
  }
  if (!expected.some(({ name }) => name === HEAD)) byName.delete(HEAD);
  return matchTensors(
    { shapesFrom: 'config.json', byName, isTransposed: isStoredTransposed, problems },
    expected,
  );
}
