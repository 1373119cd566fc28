/** A token of an answer, and what else could have stood there, the most probable first. */
export interface DrawnToken {
  /** Empty for the first parts of a character: its last part shows it. */
  text: string;
  /** UTF-8 of a part of a character whose other parts have not come. */
  part?: readonly number[];
  /** From 0 to 1; undefined where the service did not say. */
  probability: number | undefined;
  alternatives: readonly Alternative[];
}

export interface Alternative {
  text: string;
  probability: number;
}

const REPLACEMENT = '\uFFFD';

/** @param bytes UTF-8 of the token; its text has a replacement character where they are no whole characters */
export const partOf = (text: string, bytes: readonly number[]): Pick<DrawnToken, 'part'> =>
  text.includes(REPLACEMENT) ? { part: bytes } : {};

/** The tokens with their last character, if it was spread over several and is whole now. */
export function withWholeCharacter(tokens: readonly DrawnToken[]): readonly DrawnToken[] {
  const start = tokens.findLastIndex(({ part }) => part === undefined) + 1;
  const parts = tokens.slice(start);
  if (parts.length === 0) return tokens;
  const text = decodeUtf8(parts.flatMap(({ part = [] }) => part));
  if (text === undefined) return tokens;
  const whole = parts.map(({ probability, alternatives }, index) => ({
    text: index === parts.length - 1 ? text : '',
    probability,
    alternatives,
  }));
  return [...tokens.slice(0, start), ...whole];
}

function decodeUtf8(bytes: readonly number[]): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(bytes));
  } catch {
    return undefined;
  }
}

/** Bits at which a token is drawn in the strongest colour: one of 64 such tokens would be drawn. */
const MAX_BITS = 6;

/** From 0, for a token that was certain, to 1: its surprise in bits, by a scale that ends at `MAX_BITS`. */
export function surpriseOf({ probability }: Pick<DrawnToken, 'probability'>): number {
  if (probability === undefined) return 0;
  return Math.min(1, Math.max(0, -Math.log2(Math.max(probability, Number.MIN_VALUE)) / MAX_BITS));
}

export function percent(probability: number | undefined): string {
  if (probability === undefined) return 'unknown';
  // Number and sign stay on one line.
  if (probability < 0.0005) return '<\u00A00.1\u00A0%';
  return `${(100 * probability).toFixed(probability < 0.1 ? 1 : 0)}\u00A0%`;
}
