import { matchTensors, type ExpectedTensor, type StoredTensor } from '../match-tensors.ts';
import type { TensorEntry } from '../tensor-source.ts';
import { nameOfGgufTensor } from './gguf-tensor-names.ts';

/** Our name of each GPT-2 tensor outside the blocks, by its name in a GGUF file. */
const OUTER_NAMES: ReadonlyMap<string, string> = new Map([
  ['token_embd', 'wte'],
  ['position_embd', 'wpe'],
  ['output_norm', 'ln_f'],
  ['output', 'lm_head'],
]);

/** The same for those of block N: `blk.N.` in the file, `h.N.` here. */
const BLOCK_NAMES: ReadonlyMap<string, string> = new Map([
  ['attn_norm', 'ln_1'],
  ['attn_qkv', 'attn.c_attn'],
  ['attn_output', 'attn.c_proj'],
  ['ffn_norm', 'ln_2'],
  ['ffn_up', 'mlp.c_fc'],
  ['ffn_down', 'mlp.c_proj'],
]);

const NAMES = { outer: OUTER_NAMES, block: BLOCK_NAMES, blockPrefix: 'h' };

/**
 * Finds every expected parameter among the tensors of a GPT-2's GGUF file, whose matrices lie as [out, in].
 * @throws EngineError `weights_invalid` naming every missing, misshapen or unexpected tensor
 */
export function mapGgufGpt2Tensors(
  entries: ReadonlyMap<string, TensorEntry>,
  expected: readonly ExpectedTensor[],
): StoredTensor[] {
  const byName = new Map<string, TensorEntry>();
  for (const entry of entries.values()) byName.set(nameOfGgufTensor(entry.name, NAMES), entry);
  return matchTensors(
    { shapesFrom: 'the metadata', byName, isTransposed: () => false, problems: [] },
    expected,
  );
}
