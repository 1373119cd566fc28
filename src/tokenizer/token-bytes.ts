import { EngineError } from '../errors.ts';

/** How a tokenizer.json spells bytes in its tokens. */
export type ByteScheme = 'byte-level' | 'byte-fallback';

/** The part of a tokenizer.json's `decoder` that says how tokens become bytes. */
export interface DecoderConfig {
  type?: unknown;
  decoders?: unknown;
}

/** The mark that SentencePiece writes for a space. */
export const METASPACE = '\u2581';
const BYTE_TOKEN = /^<0x([0-9A-Fa-f]{2})>$/;
/** Bytes that GPT-2's byte-level alphabet writes as themselves; the others get characters from U+0100 on. */
const PRINTABLE_RANGES = [
  [0x21, 0x7e],
  [0xa1, 0xac],
  [0xae, 0xff],
] as const;

const utf8 = new TextEncoder();

/**
 * Reads the scheme from a decoder: ByteLevel (GPT-2), or ByteFallback (SentencePiece), alone or in a sequence.
 * Throws `weights_invalid` for any other.
 */
export function byteSchemeOf(decoder: DecoderConfig | null | undefined): ByteScheme {
  const types = decoderTypes(decoder);
  if (types.includes('ByteLevel')) return 'byte-level';
  if (types.includes('ByteFallback')) return 'byte-fallback';
  throw new EngineError(
    'weights_invalid',
    `the decoder of tokenizer.json is ${types.join(', ') || 'missing'}; supported: ByteLevel, ByteFallback`,
  );
}

/** The types of a decoder and of those inside it. */
export function decoderTypes(decoder: DecoderConfig | null | undefined): string[] {
  if (decoder === null || decoder === undefined) return [];
  const decoders: readonly DecoderConfig[] = Array.isArray(decoder.decoders) ? decoder.decoders : [];
  const inner = decoders.flatMap((one) => decoderTypes(one));
  return typeof decoder.type === 'string' ? [decoder.type, ...inner] : inner;
}

/** The bytes a vocabulary entry stands for. An added token stands for its own text: use `textBytes` there. */
export function tokenBytes(token: string, scheme: ByteScheme): Uint8Array {
  return scheme === 'byte-level' ? byteLevelBytes(token) : byteFallbackBytes(token);
}

export function textBytes(text: string): Uint8Array {
  return utf8.encode(text);
}

function byteLevelBytes(token: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of token) {
    const byte = BYTE_LEVEL_ALPHABET.get(character);
    // A character outside the alphabet cannot come from encoding: it stands for itself, as in Hugging Face's.
    if (byte === undefined) return textBytes(token);
    bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}

function byteFallbackBytes(token: string): Uint8Array {
  const byte = byteOfToken(token);
  return byte === undefined ? textBytes(token.replaceAll(METASPACE, ' ')) : Uint8Array.of(byte);
}

/** The byte that a token such as <0x0A> stands for; undefined for any other. */
export function byteOfToken(token: string): number | undefined {
  const hex = BYTE_TOKEN.exec(token)?.[1];
  return hex === undefined ? undefined : parseInt(hex, 16);
}

/** The token that stands for a byte, such as <0x0A>. */
export const byteToken = (byte: number): string => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;

/** Character to byte: the inverse of `bytes_to_unicode` in GPT-2's encoder.py. */
const BYTE_LEVEL_ALPHABET: ReadonlyMap<string, number> = (() => {
  const alphabet = new Map<string, number>();
  let numOthers = 0;
  for (let byte = 0; byte < 256; byte++) {
    const printable = PRINTABLE_RANGES.some(([first, last]) => byte >= first && byte <= last);
    const codePoint = printable ? byte : 256 + numOthers++;
    alphabet.set(String.fromCodePoint(codePoint), byte);
  }
  return alphabet;
})();

/** The tokens of a vocabulary as bytes of text. */
export interface TokenBytes {
  readonly specialTokenIds: ReadonlySet<number>;
  idToBytes(tokenId: number): Uint8Array;
}

/** Which special tokens are part of a text. */
export interface ShownTokens {
  /** Leave special tokens out of the text, as servers do; on unless turned off. */
  skipSpecialTokens?: boolean | undefined;
  /** Special tokens that are not left out. */
  shownTokenIds?: ReadonlySet<number> | undefined;
}

const NOTHING = new Uint8Array();

/** The bytes that each token adds to a text: none for a special token that is left out. */
export function shownBytes(
  vocabulary: TokenBytes,
  { skipSpecialTokens = true, shownTokenIds }: ShownTokens,
): (tokenId: number) => Uint8Array {
  const isSkipped = (tokenId: number): boolean =>
    skipSpecialTokens && vocabulary.specialTokenIds.has(tokenId) && shownTokenIds?.has(tokenId) !== true;
  return (tokenId) => (isSkipped(tokenId) ? NOTHING : vocabulary.idToBytes(tokenId));
}
