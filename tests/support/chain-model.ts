import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeSafetensors, type NamedTensor } from '../../src/weights/write-safetensors.ts';
import { chainTemplate } from './chain-template.ts';
import { CHAINS, startToken, type Chain } from './chains.ts';

/** Large against 0, so that sampling at temperature 1 does not leave a chain. */
const WEIGHT = 4;
const HEAD_DIM = 32;
const MLP_DIM = 32;
const TURN_START = '<|im_start|>';
const TURN_END = '<|im_end|>';

/** Every token of the model, and which follows which. */
interface Vocabulary {
  readonly bytes: readonly string[];
  /** Ids after those of the bytes, in order. */
  readonly added: readonly { content: string; special: boolean }[];
  /** By token id; all others are followed by the first piece of the first chain. */
  readonly next: ReadonlyMap<number, number>;
}

/**
 * Writes a model in Hugging Face's layout which says scripted texts: a Llama of one layer of zeros, whose next token
 * depends on the last one alone. The embedding is one-hot and `lm_head` the table of bigrams. A chat template
 * (`chainTemplate`) ends each prompt in a special token, which begins the chain that fits the messages.
 */
export async function writeChainModel(
  path: string,
  { chains = CHAINS, contextLength = 4096 }: { chains?: readonly Chain[]; contextLength?: number } = {},
): Promise<void> {
  const vocabulary = makeVocabulary(chains);
  mkdirSync(path, { recursive: true });
  const vocabSize = vocabulary.bytes.length + vocabulary.added.length;
  // One dimension for each token that has a follower of its own, and one for all others.
  const dim = Math.ceil((vocabulary.next.size + 1) / HEAD_DIM) * HEAD_DIM;
  const idOf = (content: string): number =>
    vocabulary.bytes.length + vocabulary.added.findIndex((token) => token.content === content);
  const write = (name: string, json: object): void => {
    writeFileSync(join(path, name), JSON.stringify(json));
  };
  write('config.json', {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    vocab_size: vocabSize,
    hidden_size: dim,
    intermediate_size: MLP_DIM,
    num_hidden_layers: 1,
    num_attention_heads: 1,
    num_key_value_heads: 1,
    head_dim: HEAD_DIM,
    hidden_act: 'silu',
    max_position_embeddings: contextLength,
    rms_norm_eps: 1e-6,
    rope_theta: 10_000,
    tie_word_embeddings: false,
    eos_token_id: idOf(TURN_END),
  });
  write('tokenizer.json', tokenizerJson(vocabulary));
  write('tokenizer_config.json', {
    tokenizer_class: 'PreTrainedTokenizerFast',
    eos_token: TURN_END,
    clean_up_tokenization_spaces: false,
    chat_template: chainTemplate(chains),
  });
  await writeSafetensors(join(path, 'model.safetensors'), makeTensors(vocabulary, vocabSize, dim));
}

function makeVocabulary(chains: readonly Chain[]): Vocabulary {
  const bytes = byteTokens();
  const added = [TURN_START, TURN_END, ...chains.map(({ name }) => startToken(name))].map((content) => ({
    content,
    special: true,
  }));
  const end = bytes.length + 1;
  const next = new Map<number, number>();
  const taken = new Set([...bytes, ...added.map(({ content }) => content)]);
  for (const [index, { text, isEndless = false }] of chains.entries()) {
    const first = bytes.length + added.length;
    let last = bytes.length + 2 + index;
    for (const content of cutIntoPieces(text, taken)) {
      taken.add(content);
      const id = bytes.length + added.length;
      added.push({ content, special: false });
      next.set(last, id);
      last = id;
    }
    next.set(last, isEndless ? first : end);
  }
  return { bytes, added, next };
}

/** A piece is a token of its own, so no two may be alike: one that is taken grows by the piece that follows. */
function cutIntoPieces(text: string, taken: ReadonlySet<string>): string[] {
  const pieces: string[] = [];
  let piece = '';
  for (const part of text.match(/\s*\S{1,4}|\s+$/g) ?? []) {
    piece += part;
    if (taken.has(piece) || pieces.includes(piece)) continue;
    pieces.push(piece);
    piece = '';
  }
  if (piece === '') return pieces;
  const last = (pieces.pop() ?? '') + piece;
  if (taken.has(last)) throw new Error(`'${last}' is a token already; write it in other words`);
  return [...pieces, last];
}

function makeTensors({ next }: Vocabulary, vocabSize: number, dim: number): NamedTensor[] {
  const zeros = (name: string, ...shape: number[]): NamedTensor => ({
    name,
    shape,
    values: new Float32Array(shape.reduce((product, size) => product * size, 1)),
  });
  const ones = (name: string): NamedTensor => ({ name, shape: [dim], values: new Float32Array(dim).fill(1) });
  const embedding = zeros('model.embed_tokens.weight', vocabSize, dim); // [vocab, dim]
  const head = zeros('lm_head.weight', vocabSize, dim); // [vocab, dim]
  const dimensions = new Map([...next.keys()].map((id, index) => [id, index + 1]));
  for (let id = 0; id < vocabSize; id++) embedding.values[id * dim + (dimensions.get(id) ?? 0)] = 1;
  for (const [id, follower] of next) head.values[follower * dim + (dimensions.get(id) ?? 0)] = WEIGHT;
  const [firstPiece = 0] = next.values();
  head.values[firstPiece * dim] = WEIGHT;
  const layer = 'model.layers.0';
  return [
    embedding,
    ones(`${layer}.input_layernorm.weight`),
    ...['q', 'k', 'v'].map((matrix) => zeros(`${layer}.self_attn.${matrix}_proj.weight`, HEAD_DIM, dim)),
    zeros(`${layer}.self_attn.o_proj.weight`, dim, HEAD_DIM),
    ones(`${layer}.post_attention_layernorm.weight`),
    zeros(`${layer}.mlp.gate_proj.weight`, MLP_DIM, dim),
    zeros(`${layer}.mlp.up_proj.weight`, MLP_DIM, dim),
    zeros(`${layer}.mlp.down_proj.weight`, dim, MLP_DIM),
    ones('model.norm.weight'),
    head,
  ];
}

/** Byte-level BPE without merges. */
function tokenizerJson({ bytes, added }: Vocabulary): object {
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added.map(({ content, special }, index) => ({
      id: bytes.length + index,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special,
    })),
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: null,
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      vocab: Object.fromEntries(bytes.map((token, id) => [token, id])),
      merges: [],
    },
  };
}

/** GPT-2's character for each byte: the printable ones stand for themselves, the others for characters from 256 on. */
function byteTokens(): string[] {
  let numOthers = 0;
  return Array.from({ length: 256 }, (_, byte) => {
    const isPrintable = (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
    return String.fromCodePoint(isPrintable ? byte : 256 + numOthers++);
  });
}
