import { matchTensors, type ExpectedTensor, type StoredTensor } from './match-tensors.ts';
import type { TensorEntry } from './tensor-source.ts';

/** Where decoders lie in the files of Hugging Face: the language model alone, or inside one that also sees. */
const PREFIX = /^(?:model\.language_model\.|language_model\.model\.|language_model\.|model\.)/;
/** The frequencies of rotary positions, which old checkpoints carry as tensors. */
const FREQUENCIES = /\.rotary_emb\.inv_freq$/;
/** What a model that also sees has beside its language model. */
const VISION = /^(?:model\.)?(?:vision_tower|multi_modal_projector)\./;
const HEAD = 'lm_head.weight';

/**
 * Finds every expected tensor of a decoder among those of a Hugging Face file. A head that the config ties to the
 * token embedding is passed over.
 * @param expected name without prefix and [out, in] shape
 * @throws EngineError `weights_invalid` naming every missing, misshapen or unexpected tensor
 */
export function mapDecoderTensors(
  entries: ReadonlyMap<string, TensorEntry>,
  expected: readonly ExpectedTensor[],
): StoredTensor[] {
  const problems: string[] = [];
  const byName = new Map<string, TensorEntry>();
  for (const entry of entries.values()) {
    if (FREQUENCIES.test(entry.name) || VISION.test(entry.name)) continue;
    const name = entry.name.replace(PREFIX, '');
    const twin = byName.get(name);
    if (twin !== undefined) problems.push(`both "${twin.name}" and "${entry.name}" are stored`);
    byName.set(name, entry);
  }
  if (!expected.some(({ name }) => name === HEAD)) byName.delete(HEAD);
  return matchTensors({ shapesFrom: 'config.json', byName, isTransposed: () => false, problems }, expected);
}
