import { matchHubTensors } from './match-hub-tensors.ts';
import type { ExpectedTensor, StoredTensor } from './match-tensors.ts';
import type { TensorEntry } from './tensor-source.ts';

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
