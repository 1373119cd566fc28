import { matchTensors, type ExpectedTensor, type StoredTensor } from '../match-tensors.ts';
import type { TensorEntry } from '../tensor-source.ts';

/** How our names of a model's parts follow from those of a GGUF file. */
interface GgufTensorNames {
  /** Parts outside the blocks, by their name in the file. */
  readonly outer: ReadonlyMap<string, string>;
  /** Parts of block N, which the file has as `blk.N.` and the name. */
  readonly block: ReadonlyMap<string, string>;
  /** What stands for `blk` here. */
  readonly blockPrefix: string;
}

const TENSOR_NAME = /^(?:blk\.(?<layer>0|[1-9]\d*)\.)?(?<part>\w+)\.(?<kind>weight|bias)$/;

/** Our name of a tensor; its own where the model has none of that name. */
export function nameOfGgufTensor(ggufName: string, { outer, block, blockPrefix }: GgufTensorNames): string {
  const { layer, part = '', kind = '' } = TENSOR_NAME.exec(ggufName)?.groups ?? {};
  const name = (layer === undefined ? outer : block).get(part);
  if (name === undefined) return ggufName;
  return layer === undefined ? `${name}.${kind}` : `${blockPrefix}.${layer}.${name}.${kind}`;
}

/** Our name of each part of a decoder outside the blocks, by its name in a GGUF file. */
const OUTER_NAMES: ReadonlyMap<string, string> = new Map([
  ['token_embd', 'embed_tokens'],
  ['output_norm', 'norm'],
  ['output', 'lm_head'],
]);

/** Our name of each part of block N, by its name in a GGUF file: `blk.N.` there, `layers.N.` here. */
const BLOCK_NAMES: ReadonlyMap<string, string> = new Map([
  ['attn_norm', 'input_layernorm'],
  ['attn_q', 'self_attn.q_proj'],
  ['attn_k', 'self_attn.k_proj'],
  ['attn_v', 'self_attn.v_proj'],
  ['attn_q_norm', 'self_attn.q_norm'],
  ['attn_k_norm', 'self_attn.k_norm'],
  ['attn_output', 'self_attn.o_proj'],
  ['post_attention_norm', 'post_attention_layernorm'],
  ['ffn_norm', 'pre_feedforward_layernorm'],
  ['ffn_gate', 'mlp.gate_proj'],
  ['ffn_up', 'mlp.up_proj'],
  ['ffn_down', 'mlp.down_proj'],
  ['post_ffw_norm', 'post_feedforward_layernorm'],
]);

const NAMES = { outer: OUTER_NAMES, block: BLOCK_NAMES, blockPrefix: 'layers' };

/**
 * Finds every expected tensor of a decoder in a GGUF file, whose matrices lie as [out, in].
 * @throws EngineError `weights_invalid` naming every missing, misshapen or unexpected tensor
 */
export function mapGgufDecoderTensors(
  entries: ReadonlyMap<string, TensorEntry>,
  expected: readonly ExpectedTensor[],
): StoredTensor[] {
  // Without norms behind attention and MLP, the one before the MLP has the name of that behind attention.
  const isSandwich = expected.some(({ name }) => name.endsWith('.pre_feedforward_layernorm.weight'));
  const byName = new Map<string, TensorEntry>();
  for (const entry of entries.values()) {
    const name = nameOfGgufTensor(entry.name, NAMES);
    byName.set(
      isSandwich ? name : name.replace('.pre_feedforward_layernorm.', '.post_attention_layernorm.'),
      entry,
    );
  }
  return matchTensors(
    { shapesFrom: 'the metadata', byName, isTransposed: () => false, problems: [] },
    expected,
  );
}
