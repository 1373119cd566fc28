import { matchTensors, type ExpectedTensor, type StoredTensor, type StoredTensors } from './match-tensors.ts';
import type { TensorEntry } from './tensor-source.ts';

const HEAD = 'lm_head.weight';

interface HubNames extends Pick<StoredTensors, 'isTransposed'> {
  /** Our name of a tensor, by its name in the file; undefined: it is no parameter, and is passed over. */
  readonly nameOf: (storedName: string) => string | undefined;
}

/**
 * Finds every expected parameter among the tensors of a Hugging Face file. A head that the config ties to the token
 * embedding is that embedding, and is passed over.
 * @param expected name without prefix and [out, in] shape of each parameter
 * @throws EngineError `weights_invalid` naming every missing, misshapen or unexpected tensor
 */
export function matchHubTensors(
  entries: ReadonlyMap<string, TensorEntry>,
  expected: readonly ExpectedTensor[],
  { nameOf, isTransposed }: HubNames,
): StoredTensor[] {
  const problems: string[] = [];
  const byName = new Map<string, TensorEntry>();
  for (const entry of entries.values()) {
    const name = nameOf(entry.name);
    if (name === undefined) continue;
    const twin = byName.get(name);
    if (twin !== undefined) problems.push(`both "${twin.name}" and "${entry.name}" are stored`);
    byName.set(name, entry);
  }
  if (!expected.some(({ name }) => name === HEAD)) byName.delete(HEAD);
  return matchTensors({ shapesFrom: 'config.json', byName, isTransposed, problems }, expected);
}

/** Where decoders lie in the files of Hugging Face: the language model alone, or inside one that also sees. */
const PREFIX = /^(?:model\.language_model\.|language_model\.model\.|language_model\.|model\.)/;
/** The frequencies of rotary positions, which old checkpoints carry as tensors. */
const FREQUENCIES = /\.rotary_emb\.inv_freq$/;
/** What a model that also sees has beside its language model. */
const VISION = /^(?:model\.)?(?:vision_tower|multi_modal_projector)\./;

/**
 * Finds every expected tensor of a decoder among those of a Hugging Face file.
 * @param expected name without prefix and [out, in] shape
 * @throws EngineError as `matchHubTensors`
 */
export const mapDecoderTensors = (
  entries: ReadonlyMap<string, TensorEntry>,
  expected: readonly ExpectedTensor[],
): StoredTensor[] => matchHubTensors(entries, expected, { nameOf, isTransposed: () => false });

const nameOf = (storedName: string): string | undefined =>
  FREQUENCIES.test(storedName) || VISION.test(storedName) ? undefined : storedName.replace(PREFIX, '');
