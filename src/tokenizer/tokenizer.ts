import { clip, fieldOf } from '../values.ts';
import type { ChatTemplateSource } from '../chat-template/renderer.ts';
import { encodeInSlices } from './encode-in-slices.ts';
import type { InSlices } from '../process/in-slices.ts';
import { IncrementalDetokenizer } from './incremental-detokenizer.ts';
import { JsonTokenizer } from './json-tokenizer.ts';
import { smallSource, type TokenizerSource } from './small-tokenizer.ts';
import { readTokenizerFiles } from './tokenizer-files.ts';
import type { TokenizerJson } from './tokenizer-json.ts';
import type { TokenizerModel } from './tokenizer-model.ts';

/** With the `u` flag a surrogate is matched only where it stands alone. */
const LONE_SURROGATES = /\p{Surrogate}/gu;

export interface EncodeOptions {
  /** Let the tokenizer add its begin- and end-of-text tokens; on unless turned off, as in vLLM. */
  addSpecialTokens?: boolean;
}

export interface DecodeOptions {
  /** Leave special tokens out of the text; off unless turned on. */
  skipSpecialTokens?: boolean;
}

/** A number of tokens that a text has at least, where that is known. */
export function minNumTokens(text: string, maxBytesPerToken: number | undefined): number {
  return maxBytesPerToken === undefined ? 0 : Math.ceil(Buffer.byteLength(text, 'utf8') / maxBytesPerToken);
}

/** What a model's files say beside the vocabulary itself. */
export interface TokenizerExtras {
  /** How the model wants a conversation written; undefined where its files do not say. */
  chatTemplate?: ChatTemplateSource | undefined;
  /** `bos_token`, `eos_token` and their kin, by name: what any chat template may write. */
  specialTokens?: Readonly<Record<string, string>>;
  /** For people: what the files call the kind of tokenizer, such as `BPE`. */
  kind?: string | undefined;
  /** Of a GGUF file: its keys `general.sampling.*`, and its names. */
  generalMetadata?: ReadonlyMap<string, unknown>;
  /** Tokens that the tokenizer's own files name as ends: of text, of a turn, of a message. */
  eosTokenIds?: readonly number[];
  smallSource?: TokenizerSource | undefined;
}

/** Text to token ids and back, whatever kind of tokenizer a model has. */
export class Tokenizer {
  /** One more than the largest token id. A model may embed more, and draw them: those are no text. */
  readonly vocabSize: number;
  /** Tokens that are no text, by what they are written as: end-of-text and its kin. */
  readonly controlTokens: ReadonlyMap<string, number>;
  readonly specialTokenIds: ReadonlySet<number>;
  readonly eosTokenIds: readonly number[];
  /** True when decoding drops the space that SentencePiece puts in front of a text. */
  readonly stripsLeadingSpace: boolean;
  /** Most bytes of text that become one token; undefined where nothing is known. */
  readonly maxBytesPerToken: number | undefined;
  /** See TokenizerModel. */
  readonly cutsAtSpaces: boolean;
  readonly chatTemplate: ChatTemplateSource | undefined;
  readonly specialTokens: Readonly<Record<string, string>>;
  readonly kind: string | undefined;
  readonly generalMetadata: ReadonlyMap<string, unknown>;
  /** What it was made of, where it is small and known through and through. */
  readonly smallSource: TokenizerSource | undefined;
  readonly model: TokenizerModel;
  readonly #bytes: (Uint8Array | undefined)[] = [];

  constructor(model: TokenizerModel, extras: TokenizerExtras = {}) {
    const { chatTemplate, eosTokenIds = [], smallSource: source } = extras;
    this.model = model;
    this.smallSource = source;
    this.chatTemplate = chatTemplate;
    this.specialTokens = extras.specialTokens ?? {};
    this.kind = extras.kind;
    this.generalMetadata = extras.generalMetadata ?? new Map();
    this.eosTokenIds = eosTokenIds;
    this.vocabSize = model.vocabSize;
    this.controlTokens = model.controlTokens;
    this.specialTokenIds = new Set(model.controlTokens.values());
    this.stripsLeadingSpace = model.stripsLeadingSpace;
    this.maxBytesPerToken = model.maxBytesPerToken;
    this.cutsAtSpaces = model.cutsAtSpaces;
  }

  /**
   * Reads `tokenizer.json` of a model directory, and what lies beside it: `tokenizer_config.json`,
   * `special_tokens_map.json`, a chat template.
   * @throws EngineError `weights_invalid` naming the file
   */
  static async load(directory: string): Promise<Tokenizer> {
    const { tokenizerJson, tokenizerConfig, specialTokens, template } = await readTokenizerFiles(directory);
    const model = new JsonTokenizer(tokenizerJson, { config: tokenizerConfig });
    const eosTokenId = model.controlTokens.get(specialTokens['eos_token'] ?? '');
    return new Tokenizer(model, {
      chatTemplate: template === undefined ? undefined : { template, specialTokens },
      specialTokens,
      kind: kindOf(tokenizerJson),
      eosTokenIds: eosTokenId === undefined ? [] : [eosTokenId],
      smallSource: smallSource(model, { tokenizerJson, tokenizerConfig }),
    });
  }

  /** The token ids of a text; a lone surrogate, which no UTF-8 can hold, becomes U+FFFD. */
  encode(text: string, { addSpecialTokens = true }: EncodeOptions = {}): number[] {
    return this.model.encode(text.replace(LONE_SURROGATES, '\uFFFD'), addSpecialTokens);
  }

  /** Encodes in slices: see encodeInSlices. */
  encodeInSlices(text: string, { addSpecialTokens = true }: EncodeOptions = {}): InSlices<number[]> {
    return encodeInSlices(this.model, text.replace(LONE_SURROGATES, '\uFFFD'), addSpecialTokens);
  }

  /** The text of token ids. Bytes that are no UTF-8 become U+FFFD; an id outside the vocabulary is no text. */
  decode(tokenIds: readonly number[], { skipSpecialTokens = false }: DecodeOptions = {}): string {
    const detokenizer = new IncrementalDetokenizer(this, { skipSpecialTokens });
    return detokenizer.push(tokenIds) + detokenizer.flush();
  }

  /** The bytes a token stands for, perhaps a part of a character; none for an id outside the vocabulary. */
  idToBytes(tokenId: number): Uint8Array {
    const known = this.#bytes[tokenId];
    if (known !== undefined) return known;
    const bytes = this.model.idToBytes(tokenId);
    if (tokenId >= 0 && tokenId < this.vocabSize) this.#bytes[tokenId] = bytes;
    return bytes;
  }
}

/** `model.type` of tokenizer.json: `BPE`, `Unigram`. */
function kindOf({ model }: TokenizerJson): string | undefined {
  const type = fieldOf(model, 'type');
  return typeof type === 'string' ? clip(type) : undefined;
}
