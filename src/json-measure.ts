/** A value has one at least, and a comma; a text is written in quotation marks, and a key in them before a colon. */
const VALUE_CHARACTERS = 2;
const QUOTE_CHARACTERS = 2;
const KEY_CHARACTERS = 3;

/**
 * How long values are as JSON, without the JSON being written: about, since nothing is escaped. The measuring ends at the
 * bound, so that it takes no longer than the bound allows, also where one object stands in a value many times.
 */
export class JsonMeasure {
  readonly #maxCharacters: number;
  readonly #maxValues: number;
  #numCharacters = 0;
  #numValues = 0;

  constructor(maxCharacters: number, maxValues = Infinity) {
    this.#maxCharacters = maxCharacters;
    this.#maxValues = maxValues;
  }

  /** Of what was added; once over the bound, of a part of it. */
  get numCharacters(): number {
    return this.#numCharacters;
  }

  /** Of them: texts, numbers, lists, objects, and what these hold. */
  get numValues(): number {
    return this.#numValues;
  }

  /**
   * Adds a value; false once all values together pass a bound.
   * @param onObject called for each object before what it holds is added
   */
  add(value: unknown, onObject?: (object: object) => void): boolean {
    // No recursion: a value may nest deep.
    const open: unknown[] = [value];
    this.#count(value);
    while (open.length > 0 && this.#isWithin) {
      const next = open.pop();
      if (typeof next !== 'object' || next === null) continue;
      const isList = Array.isArray(next);
      if (!isList) onObject?.(next);
      const inner: unknown[] = isList ? next : Object.values(next);
      if (!isList) for (const key in next) this.#numCharacters += key.length + KEY_CHARACTERS;
      for (let index = inner.length - 1; index >= 0; index--) {
        this.#count(inner[index]);
        open.push(inner[index]);
      }
    }
    return this.#isWithin;
  }

  get #isWithin(): boolean {
    return this.#numCharacters <= this.#maxCharacters && this.#numValues <= this.#maxValues;
  }

  #count(value: unknown): void {
    this.#numValues++;
    this.#numCharacters += VALUE_CHARACTERS;
    if (typeof value === 'string') this.#numCharacters += value.length + QUOTE_CHARACTERS;
  }
}
