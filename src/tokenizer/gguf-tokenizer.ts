import type { ChatTemplateSource } from '../chat-template/renderer.ts';
import { ggufBytePairTokenizer } from './gguf-byte-pair-tokenizer.ts';
import { ggufTokenizerError, GgufVocabulary, show, type NamedIds } from './gguf-vocabulary.ts';
import { SentencePieceTokenizer } from './sentencepiece-tokenizer.ts';
import type { TokenizerModel } from './tokenizer-model.ts';
import { Tokenizer } from './tokenizer.ts';

interface Kind {
  name: string;
  create(vocabulary: GgufVocabulary): TokenizerModel;
  /** What llama.cpp takes where a file names none (llama-vocab.cpp). */
  defaultIds: NamedIds;
}

/** By `tokenizer.ggml.model`. */
const KINDS: ReadonlyMap<unknown, Kind> = new Map<unknown, Kind>([
  ['gpt2', { name: 'byte-level BPE', create: ggufBytePairTokenizer, defaultIds: {} }],
  [
    'llama',
    {
      name: 'SentencePiece BPE',
      create: ggufSentencePieceTokenizer,
      defaultIds: { unknown: 0, bos: 1, eos: 2 },
    },
  ],
]);

/** A chat template's names of tokens, and the format's. */
const TEMPLATE_TOKENS = [
  ['bos_token', 'bos'],
  ['eos_token', 'eos'],
  ['unk_token', 'unknown'],
  ['pad_token', 'padding'],
] as const;

/** How the model's maker samples and embeds, and what the model and those that it was made of are called. */
const SAMPLING_NAME_OR_POOLING =
  /^(general\.(sampling\..+|name|basename|base_model\.\d{1,2}\.name)|[\w-]+\.pooling_type)$/;

/**
 * The tokenizer that a GGUF file carries in its metadata; the ids are those of llama.cpp on the same file.
 * @throws EngineError `weights_invalid` naming the key, or for a kind of tokenizer that is not supported
 */
export function ggufTokenizer(metadata: ReadonlyMap<string, unknown>): Tokenizer {
  const model = metadata.get('tokenizer.ggml.model');
  const kind = KINDS.get(model);
  if (kind === undefined) {
    const supported = [...KINDS].map(([key, { name }]) => `${String(key)} (${name})`);
    throw ggufTokenizerError(`tokenizer.ggml.model is ${show(model)}; supported: ${supported.join(', ')}`);
  }
  const vocabulary = new GgufVocabulary(metadata, kind.defaultIds);
  const specialTokens = specialTokensOf(vocabulary);
  return new Tokenizer(kind.create(vocabulary), {
    chatTemplate: chatTemplate(metadata.get('tokenizer.chat_template'), specialTokens),
    specialTokens,
    kind: kind.name,
    generalMetadata: new Map([...metadata].filter(([key]) => SAMPLING_NAME_OR_POOLING.test(key))),
    eosTokenIds: (['eos', 'eot', 'eom'] as const).flatMap((name) => vocabulary.id(name) ?? []),
  });
}

function ggufSentencePieceTokenizer(vocabulary: GgufVocabulary): TokenizerModel {
  return new SentencePieceTokenizer({
    tokens: vocabulary.tokens,
    scores: vocabulary.numbers('scores'),
    types: vocabulary.numbers('token_type'),
    unknownId: vocabulary.id('unknown') ?? 0,
    bosId: vocabulary.added('bos', true),
    eosId: vocabulary.added('eos', false),
    addsSpacePrefix: vocabulary.flag('add_space_prefix', true),
  });
}

/** The template that the file carries, with the tokens it may name; undefined where it carries none. */
function chatTemplate(
  template: unknown,
  specialTokens: Readonly<Record<string, string>>,
): ChatTemplateSource | undefined {
  if (template === undefined) return undefined;
  if (typeof template !== 'string') throw ggufTokenizerError('tokenizer.chat_template is not a text');
  return { template, specialTokens };
}

function specialTokensOf(vocabulary: GgufVocabulary): Record<string, string> {
  const specialTokens: Record<string, string> = {};
  for (const [name, key] of TEMPLATE_TOKENS) {
    const content = vocabulary.tokens[vocabulary.id(key) ?? NaN];
    if (content !== undefined) specialTokens[name] = content;
  }
  return specialTokens;
}
