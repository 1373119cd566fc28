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
  #numCharacters = 0;

  constructor(maxCharacters: number) {
    this.#maxCharacters = maxCharacters;
  }

  /** Of what was added; once over the bound, of a part of it. */
  get numCharacters(): number {
    return this.#numCharacters;
  }

  /**
   * Adds a value; false once all values together pass the bound.
   * @param onObject called for each object before what it holds is added
   */
  add(value: unknown, onObject?: (object: object) => void): boolean {
    this.#numCharacters += VALUE_CHARACTERS;
    if (typeof value === 'string') this.#numCharacters += value.length + QUOTE_CHARACTERS;
    if (this.#numCharacters > this.#maxCharacters) return false;
    if (typeof value !== 'object' || value === null) return true;
    if (Array.isArray(value)) return value.every((item) => this.add(item, onObject));
    onObject?.(value);
    for (const key in value) {
      this.#numCharacters += key.length + KEY_CHARACTERS;
      if (!this.add(Reflect.get(value, key), onObject)) return false;
    }
    return true;
  }
}
