import { ggufTokenizerError, show, type GgufVocabulary } from './gguf-vocabulary.ts';
import { JsonTokenizer } from './json-tokenizer.ts';
import { PRE_TOKENIZERS, type GgufPreTokenizer } from './gguf-pre-tokenizers.ts';
import { TOKEN_TYPE } from './sentencepiece-tokenizer.ts';
import { isolate, type StepConfig } from './tokenizer-json.ts';
import type { TokenizerModel } from './tokenizer-model.ts';

/** A byte-level BPE in a GGUF file's metadata, as the tokenizer.json it was made from. */
export function ggufBytePairTokenizer(vocabulary: GgufVocabulary): TokenizerModel {
  const { tokens } = vocabulary;
  const types = vocabulary.types();
  const pre = preTokenizerOf(vocabulary.get('pre') ?? 'default');
  const bosId = vocabulary.added('bos', pre.addsBos ?? false);
  const eosId = vocabulary.added('eos', false);
  const tokenizerJson = {
    added_tokens: addedTokens(tokens, types),
    normalizer: null,
    pre_tokenizer: preTokenizer(pre),
    post_processor: postProcessor(tokens, bosId, eosId),
    decoder: { type: 'ByteLevel' },
    model: {
      type: 'BPE',
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: pre.ignoresMerges ?? false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: vocabulary.strings('merges').map(splitMerge),
    },
  };
  const textlessIds = tokens.flatMap((_, id) => (types[id] === TOKEN_TYPE.UNUSED ? [id] : []));
  return new JsonTokenizer(tokenizerJson, { textlessIds: new Set(textlessIds) });
}

function preTokenizerOf(name: unknown): GgufPreTokenizer {
  const pre = typeof name === 'string' ? PRE_TOKENIZERS.get(name) : undefined;
  if (pre !== undefined) return pre;
  throw ggufTokenizerError(
    `tokenizer.ggml.pre is ${show(name)}; supported: ${[...PRE_TOKENIZERS.keys()].join(', ')}`,
  );
}

function addedTokens(tokens: readonly string[], types: readonly number[]) {
  return tokens.flatMap((content, id) => {
    const isSpecial = types[id] === TOKEN_TYPE.CONTROL || types[id] === TOKEN_TYPE.UNKNOWN;
    if (!isSpecial && types[id] !== TOKEN_TYPE.USER_DEFINED) return [];
    const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false };
    return [{ id, content, ...flags, special: isSpecial }];
  });
}

function preTokenizer({ patterns }: GgufPreTokenizer): StepConfig {
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
  return { type: 'Sequence', pretokenizers: [...patterns.map(isolate), byteLevel] };
}

/** Puts begin- and end-of-text round a text where the file asks for it; GPT-2 itself has neither. */
function postProcessor(
  tokens: readonly string[],
  bosId: number | undefined,
  eosId: number | undefined,
): object | null {
  const [bos, eos] = [bosId, eosId].map((id) => (id === undefined ? [] : [{ id, text: tokens[id] ?? '' }]));
  const used = [...(bos ?? []), ...(eos ?? [])];
  if (used.length === 0) return null;
  const special = ({ text }: { text: string }) => ({ SpecialToken: { id: text, type_id: 0 } });
  return {
    type: 'TemplateProcessing',
    single: [...(bos ?? []).map(special), { Sequence: { id: 'A', type_id: 0 } }, ...(eos ?? []).map(special)],
    pair: [],
    special_tokens: Object.fromEntries(
      used.map(({ id, text }) => [text, { id: text, ids: [id], tokens: [text] }]),
    ),
  };
}

/** "left right": the first character may itself be a space. */
function splitMerge(merge: string): [string, string] {
  const space = merge.indexOf(' ', 1);
  if (space < 0) throw ggufTokenizerError(`tokenizer.ggml.merges has ${show(merge)}, which is no pair`);
  return [merge.slice(0, space), merge.slice(space + 1)];
}
