import { type BytePairModel, Tokenizer as HfTokenizer } from '@huggingface/tokenizers';
import { EngineError } from '../errors.ts';
import { fieldOf } from '../values.ts';
import type { InSlices } from '../process/in-slices.ts';
import { mendLibrary } from './library-mends.ts';
import { mergePairs } from './piece-merger.ts';
import { byteSchemeOf, decoderTypes, METASPACE, textBytes, tokenBytes } from './token-bytes.ts';
import type { ByteScheme } from './token-bytes.ts';
import { cutsAtSpaces, hasNoneAcrossSpaces } from './space-cuts.ts';
import { toLibraryJson } from './tokenizer-json.ts';
import type { StepConfig, TokenizerJson } from './tokenizer-json.ts';
import type { TokenizerModel } from './tokenizer-model.ts';

/** Several times the largest that there is in a model. */
const MAX_TOKEN_ID = 2 ** 22 - 1;
/** Of words that are merged between two places where the work can be interrupted; a few milliseconds. */
const CHARACTERS_PER_SLICE = 2048;

export interface JsonTokenizerOptions {
  /** What tokenizer_config.json says. */
  config?: object;
  /** Tokens that stand for no text at all: what fills a vocabulary up. */
  textlessIds?: ReadonlySet<number>;
}

/**
 * A tokenizer.json: text to token ids by @huggingface/tokenizers, and back by ourselves. The library (0.2) knows
 * neither the bytes of a token nor decoding piece by piece, refuses to decode an empty list, prints an unknown id as
 * "undefined", and deletes spaces before punctuation by default. Encoding time is linear in the text, about 1 ms for
 * 1,400 bytes of English.
 */
export class JsonTokenizer implements TokenizerModel {
  readonly vocabSize: number;
  readonly controlTokens: ReadonlyMap<string, number>;
  readonly stripsLeadingSpace: boolean;
  readonly maxBytesPerToken: number | undefined;
  readonly cutsAtSpaces: boolean;
  readonly #hf: HfTokenizer;
  readonly #scheme: ByteScheme;
  readonly #addedTokens: ReadonlyMap<number, { content: string }>;
  readonly #textlessIds: ReadonlySet<number>;
  readonly #isBytePair: boolean;

  /** @throws EngineError `weights_invalid` for a tokenizer that is not byte-level or byte-fallback */
  constructor(tokenizerJson: TokenizerJson, { config = {}, textlessIds }: JsonTokenizerOptions = {}) {
    this.#scheme = byteSchemeOf(tokenizerJson.decoder);
    this.stripsLeadingSpace = decoderTypes(tokenizerJson.decoder).includes('Strip');
    this.#hf = createHfTokenizer(tokenizerJson, config);
    this.#textlessIds = textlessIds ?? new Set();
    this.#isBytePair = isPlainBytePair(tokenizerJson.model);
    const added = this.#hf.get_added_tokens_decoder();
    this.#addedTokens = added;
    const control = [...added.values()].filter(({ special }) => special);
    this.controlTokens = new Map(control.map(({ content, id }) => [content, id]));
    let largestId = -1;
    for (const id of this.#hf.get_vocab(true).values()) largestId = Math.max(largestId, id);
    // All of its ids are looked at, whether or not they are tokens.
    if (largestId > MAX_TOKEN_ID) {
      throw new EngineError(
        'weights_invalid',
        `tokenizer.json cannot be used: it has token id ${largestId}; at most ${MAX_TOKEN_ID} is taken`,
      );
    }
    this.vocabSize = largestId + 1;
    const swallowsText = [...added.values()].some(({ lstrip, rstrip }) => lstrip || rstrip);
    const shrinks = swallowsText || !this.#hasAllBytes() ? undefined : mostShrunk(tokenizerJson.normalizer);
    // A text's own U+2581 is three bytes, and counts as a space.
    const isMarked = this.#scheme === 'byte-fallback';
    this.maxBytesPerToken =
      shrinks === undefined ? undefined : Math.max(shrinks, isMarked ? 3 : 1) * this.#longestToken();
    this.cutsAtSpaces =
      shrinks !== undefined && cutsAtSpaces(tokenizerJson, config) && hasNoneAcrossSpaces(this.#allBytes());
  }

  encode(text: string, addSpecialTokens: boolean): number[] {
    return this.#hf.encode(text, { add_special_tokens: addSpecialTokens }).ids;
  }

  /** Merges the words first, in slices; then the library encodes the text, and finds them merged. */
  *encodeInSlices(text: string): InSlices<number[]> {
    if (!this.#isBytePair) return this.encode(text, false);
    const merged = new Map<string, string[]>();
    let numCharacters = 0;
    for (const word of this.#wordsOf(text)) {
      if (!merged.has(word)) merged.set(word, yield* this.#merge(word));
      numCharacters += word.length;
      if (numCharacters < CHARACTERS_PER_SLICE) continue;
      numCharacters = 0;
      yield;
    }
    const { model } = this.#hf;
    model.bpe = (word) => merged.get(word) ?? [word];
    try {
      return this.encode(text, false);
    } finally {
      delete model.bpe;
    }
  }

  *#merge(word: string): InSlices<string[]> {
    const { model } = this.#hf;
    if (word.length < CHARACTERS_PER_SLICE) return model.bpe?.(word) ?? [word];
    return yield* mergePairs(word, (left, right) => model.bpe_ranks.get(JSON.stringify([left, right])));
  }

  /** What the library cuts a text into before it merges. */
  #wordsOf(text: string): string[] {
    const { model } = this.#hf;
    const words: string[] = [];
    model.encode = (section) => {
      for (const word of section) words.push(word);
      return [];
    };
    try {
      this.encode(text, false);
    } finally {
      // The method of its class is behind it.
      delete model.encode;
    }
    return words;
  }

  idToBytes(tokenId: number): Uint8Array {
    if (this.#textlessIds.has(tokenId)) return new Uint8Array(0);
    const added = this.#addedTokens.get(tokenId)?.content;
    // Gemma's runs of spaces are added tokens, and spelled as SentencePiece does.
    if (added !== undefined && this.#scheme === 'byte-level') return textBytes(added);
    const token = added ?? this.#hf.id_to_token(tokenId);
    return token === undefined ? new Uint8Array(0) : tokenBytes(token, this.#scheme);
  }

  /** Else a run of unknown characters, however long, is one token, or none. */
  #hasAllBytes(): boolean {
    const bytes = new Set<number>();
    for (const [byte, ...others] of this.#allBytes()) {
      if (byte !== undefined && others.length === 0) bytes.add(byte);
    }
    return bytes.size === 256;
  }

  #longestToken(): number {
    let longest = 1;
    for (const { length } of this.#allBytes()) longest = Math.max(longest, length);
    return longest;
  }

  *#allBytes(): Generator<Uint8Array> {
    for (let id = 0; id < this.vocabSize; id++) yield this.idToBytes(id);
  }
}

/** Nothing is put to words before they are merged, or to their parts behind. */
function isPlainBytePair(model: unknown): boolean {
  const affixes = ['continuing_subword_prefix', 'continuing_subword_suffix', 'end_of_word_suffix'];
  return fieldOf(model, 'type') === 'BPE' && affixes.every((name) => (fieldOf(model, name) ?? '') === '');
}

/** How many times fewer bytes a text may have once it is normalized; undefined where nothing is known. */
function mostShrunk(normalizer: StepConfig | null | undefined): number | undefined {
  switch (normalizer?.type) {
    case undefined:
      return 1;
    // Of three bytes it makes one at the least, as of the Kelvin sign; text that it composes shrinks less.
    case 'NFC':
      return 3;
    case 'Prepend':
      return 1;
    case 'Replace':
      return Reflect.get(Object(normalizer['pattern']), 'String') === ' ' &&
        normalizer['content'] === METASPACE
        ? 1
        : undefined;
    case 'Sequence': {
      const steps = Array.isArray(normalizer['normalizers']) ? normalizer['normalizers'] : [];
      return (steps as StepConfig[])
        .map(mostShrunk)
        .reduce(
          (product, factor) => (product === undefined || factor === undefined ? undefined : product * factor),
          1,
        );
    }
    default:
      return undefined;
  }
}

function createHfTokenizer(tokenizerJson: TokenizerJson, config: object): HfTokenizer {
  try {
    const tokenizer = new HfTokenizer(toLibraryJson(tokenizerJson, config), config);
    mendLibrary(tokenizer, tokenizerJson);
    rememberCopies(tokenizer.model);
    return tokenizer;
  } catch (cause) {
    if (cause instanceof EngineError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError('weights_invalid', `tokenizer.json cannot be used: ${reason}`, { cause });
  }
}

/**
 * The library remembers 10,000 words and what they are merged to. V8 makes a word as a view of the text that it stands in,
 * and keeps that text, a megabyte perhaps, as long as the word. A copy keeps nothing.
 */
function rememberCopies({ cache }: BytePairModel): void {
  if (cache === undefined) return;
  const put = cache.put.bind(cache);
  cache.put = (word, merged): void => put(copyOf(word), merged);
}

const copyOf = (text: string): string => Buffer.from(text, 'utf16le').toString('utf16le');
