import { runToEnd, type InSlices } from '../process/in-slices.ts';
import { PieceMerger, type Piece } from './piece-merger.ts';
import { hasNoneAcrossSpaces } from './space-cuts.ts';
import { byteOfToken, METASPACE, textBytes } from './token-bytes.ts';
import type { TokenizerModel } from './tokenizer-model.ts';

/** Text between whole tokens, or the id of one. */
type TextPart = string | number;

/** Finds the tokens that a text holds as they are written: the leftmost first, the longest that begins there. */
export class WholeTokens {
  readonly #ids = new Map<string, number>();
  /** By the UTF-16 unit that tokens begin with, how long these are: the longest first. */
  readonly #lengths = new Map<number, number[]>();

  constructor(tokens: Iterable<readonly [text: string, tokenId: number]>) {
    for (const [text, tokenId] of tokens) if (text !== '') this.#ids.set(text, tokenId);
    const lengths = new Map<number, Set<number>>();
    for (const text of this.#ids.keys()) {
      const unit = text.charCodeAt(0);
      lengths.set(unit, (lengths.get(unit) ?? new Set()).add(text.length));
    }
    for (const [unit, among] of lengths) {
      this.#lengths.set(
        unit,
        [...among].sort((a, b) => b - a),
      );
    }
  }

  /** The text in parts, none of them empty. */
  split(text: string): TextPart[] {
    const parts: TextPart[] = [];
    let start = 0;
    for (let i = 0; i < text.length;) {
      const token = this.#longestAt(text, i);
      if (token === undefined) {
        i++;
        continue;
      }
      if (start < i) parts.push(text.slice(start, i));
      parts.push(token.id);
      i += token.length;
      start = i;
    }
    if (start < text.length) parts.push(text.slice(start));
    return parts;
  }

  #longestAt(text: string, start: number): { id: number; length: number } | undefined {
    for (const length of this.#lengths.get(text.charCodeAt(start)) ?? []) {
      const id = this.#ids.get(text.slice(start, start + length));
      if (id !== undefined) return { id, length };
    }
    return undefined;
  }
}

/** SentencePiece's kinds of token, as `tokenizer.ggml.token_type` numbers them. */
export const TOKEN_TYPE = { NORMAL: 1, UNKNOWN: 2, CONTROL: 3, USER_DEFINED: 4, UNUSED: 5, BYTE: 6 } as const;

export interface SentencePieceVocabulary {
  tokens: readonly string[];
  scores: readonly number[];
  /** Of `TOKEN_TYPE`. */
  types: readonly number[];
  unknownId: number;
  /** Put in front of a text, and behind it, where special tokens are asked for. */
  bosId: number | undefined;
  eosId: number | undefined;
  /** A text begins with a space, and so does what follows a token found as a whole. */
  addsSpacePrefix: boolean;
}

const WHOLE: readonly number[] = [TOKEN_TYPE.UNKNOWN, TOKEN_TYPE.CONTROL, TOKEN_TYPE.USER_DEFINED];
const SPECIAL: readonly number[] = [TOKEN_TYPE.UNKNOWN, TOKEN_TYPE.CONTROL];
/** What text can be joined to; a byte's token or a control token stands for no letters. */
const JOINED: readonly number[] = [TOKEN_TYPE.NORMAL, TOKEN_TYPE.USER_DEFINED, TOKEN_TYPE.UNUSED];
const NUM_BYTES = 256;

/**
 * SentencePiece's BPE (https://github.com/google/sentencepiece), without normalization but for the space that is written
 * as U+2581: the ids are those of SentencePiece on the same vocabulary. Round special and user-defined tokens, which
 * SentencePiece does not take from a text or not in that way, they are those of llama.cpp: each is matched whole, and
 * what follows it gets the space prefix as the text's start does.
 */
export class SentencePieceTokenizer implements TokenizerModel {
  readonly vocabSize: number;
  readonly controlTokens: ReadonlyMap<string, number>;
  readonly stripsLeadingSpace: boolean;
  readonly maxBytesPerToken: number | undefined;
  readonly cutsAtSpaces: boolean;
  readonly #vocabulary: SentencePieceVocabulary;
  readonly #ids = new Map<string, number>();
  /** The token of each byte; empty where the vocabulary does not have them all. */
  readonly #byteIds: readonly number[];
  readonly #wholeTokens: WholeTokens;
  readonly #merger: PieceMerger;

  constructor(vocabulary: SentencePieceVocabulary) {
    const { tokens, scores, types } = vocabulary;
    this.#vocabulary = vocabulary;
    this.vocabSize = tokens.length;
    this.stripsLeadingSpace = vocabulary.addsSpacePrefix;
    const idsOf = (among: readonly number[]): number[] =>
      tokens.flatMap((_, id) => (among.includes(types[id] ?? 0) ? [id] : []));
    const textOf = (id: number): string => tokens[id] ?? '';
    this.controlTokens = new Map(idsOf(SPECIAL).map((id) => [textOf(id), id]));
    this.#wholeTokens = new WholeTokens(idsOf(WHOLE).map((id) => [withMarks(textOf(id)), id]));
    const pieces = new Map<string, Piece>();
    for (const id of idsOf(JOINED)) {
      this.#ids.set(textOf(id), id);
      pieces.set(textOf(id), { score: scores[id] ?? 0, isUnused: types[id] === TOKEN_TYPE.UNUSED });
    }
    this.#merger = new PieceMerger(pieces);
    const byteIds: number[] = [];
    for (const id of idsOf([TOKEN_TYPE.BYTE])) byteIds[byteOfToken(textOf(id)) ?? NUM_BYTES] = id;
    const hasAllBytes = Array.from({ length: NUM_BYTES }, (_, byte) => byteIds[byte]).every(isKnown);
    this.#byteIds = hasAllBytes ? byteIds : [];
    // A run of unknown characters is one token, however long.
    this.maxBytesPerToken = hasAllBytes
      ? tokens.reduce((longest, token) => Math.max(longest, Buffer.byteLength(token)), 1)
      : undefined;
    this.cutsAtSpaces =
      hasAllBytes && hasNoneAcrossSpaces(tokens.map((token) => textBytes(withSpaces(token))));
  }

  encode(text: string, addSpecialTokens: boolean): number[] {
    const { bosId, eosId } = this.#vocabulary;
    const ids = runToEnd(this.encodeInSlices(text));
    if (addSpecialTokens && bosId !== undefined) ids.unshift(bosId);
    if (addSpecialTokens && eosId !== undefined) ids.push(eosId);
    return ids;
  }

  *encodeInSlices(text: string): InSlices<number[]> {
    const { addsSpacePrefix } = this.#vocabulary;
    const ids: number[] = [];
    let needsPrefix = addsSpacePrefix;
    for (const part of this.#wholeTokens.split(withMarks(text))) {
      if (typeof part === 'number') ids.push(part);
      else yield* this.#encodePart(needsPrefix ? METASPACE + part : part, ids);
      needsPrefix = addsSpacePrefix && typeof part === 'number';
    }
    return ids;
  }

  *#encodePart(text: string, ids: number[]): InSlices<void> {
    const { unknownId } = this.#vocabulary;
    let isUnknownRun = false;
    for (const symbol of yield* this.#merger.split(text)) {
      const id = this.#ids.get(symbol);
      if (id !== undefined) ids.push(id);
      else if (this.#byteIds.length > 0) for (const byte of textBytes(symbol)) ids.push(this.#byteId(byte));
      else if (!isUnknownRun) ids.push(unknownId);
      isUnknownRun = id === undefined;
    }
  }

  #byteId(byte: number): number {
    return this.#byteIds[byte] ?? this.#vocabulary.unknownId;
  }

  idToBytes(tokenId: number): Uint8Array {
    const token = this.#vocabulary.tokens[tokenId];
    const type = this.#vocabulary.types[tokenId];
    if (token === undefined || type === TOKEN_TYPE.UNUSED) return new Uint8Array(0);
    const byte = type === TOKEN_TYPE.BYTE ? byteOfToken(token) : undefined;
    return byte === undefined ? textBytes(withSpaces(token)) : Uint8Array.of(byte);
  }
}

function withMarks(text: string): string {
  return text.replaceAll(' ', METASPACE);
}

function withSpaces(token: string): string {
  return token.replaceAll(METASPACE, ' ');
}

function isKnown(id: number | undefined): boolean {
  return id !== undefined;
}
