/** Text between whole tokens, or the id of one. */
export type TextPart = string | number;

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
