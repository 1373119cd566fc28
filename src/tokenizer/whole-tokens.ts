/** A letter of the tree of all tokens: by UTF-16 unit. */
interface Node {
  readonly next: Map<number, Node>;
  tokenId?: number;
}

/** Text between whole tokens, or the id of one. */
export type TextPart = string | number;

/** Finds the tokens that a text holds as they are written: the leftmost first, the longest that begins there. */
export class WholeTokens {
  readonly #root: Node = { next: new Map() };

  constructor(tokens: Iterable<readonly [text: string, tokenId: number]>) {
    for (const [text, tokenId] of tokens) {
      let node = this.#root;
      for (let i = 0; i < text.length; i++) {
        const unit = text.charCodeAt(i);
        const known = node.next.get(unit);
        const child: Node = known ?? { next: new Map() };
        if (known === undefined) node.next.set(unit, child);
        node = child;
      }
      if (text !== '') node.tokenId ??= tokenId;
    }
  }

  /** The text in parts, none of them empty. */
  split(text: string): TextPart[] {
    const parts: TextPart[] = [];
    let start = 0;
    for (let i = 0; i < text.length;) {
      const match = this.#longestAt(text, i);
      if (match === undefined) {
        i++;
        continue;
      }
      if (start < i) parts.push(text.slice(start, i));
      parts.push(match.tokenId);
      i = match.end;
      start = i;
    }
    if (start < text.length) parts.push(text.slice(start));
    return parts;
  }

  #longestAt(text: string, start: number): { tokenId: number; end: number } | undefined {
    let longest: { tokenId: number; end: number } | undefined;
    let node = this.#root.next.get(text.charCodeAt(start));
    for (let i = start + 1; node !== undefined; i++) {
      if (node.tokenId !== undefined) longest = { tokenId: node.tokenId, end: i };
      node = i < text.length ? node.next.get(text.charCodeAt(i)) : undefined;
    }
    return longest;
  }
}
