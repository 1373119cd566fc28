/** Reads a text character by character, each a whole code point. */
export class TextReader {
  readonly #characters: readonly string[];
  position = 0;

  constructor(text: string) {
    this.#characters = Array.from(text);
  }

  get isAtEnd(): boolean {
    return this.position >= this.#characters.length;
  }

  /** The next character, '' at the end. */
  peek(ahead = 0): string {
    return this.#characters[this.position + ahead] ?? '';
  }

  read(): string {
    const character = this.peek();
    this.position++;
    return character;
  }

  /** Whether this comes next. ASCII only. */
  isNext(text: string): boolean {
    for (let i = 0; i < text.length; i++) if (this.peek(i) !== text[i]) return false;
    return true;
  }

  /** Passes this if it comes next. */
  skip(text: string): boolean {
    const found = this.isNext(text);
    if (found) this.position += text.length;
    return found;
  }

  /** Passes the characters that a test accepts. */
  readWhile(test: (character: string) => boolean): string {
    const start = this.position;
    while (!this.isAtEnd && test(this.peek())) this.position++;
    return this.#characters.slice(start, this.position).join('');
  }

  /** As many hexadecimal digits, as a number. */
  readHex(length: number): number {
    const digits = this.#characters.slice(this.position, this.position + length).join('');
    this.position += length;
    return Number.parseInt(digits, 16);
  }
}
