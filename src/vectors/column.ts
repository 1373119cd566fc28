import type { InSlices } from '../process/in-slices.ts';
import type { Indexed } from './property-values.ts';

const NONE = 0;
const FIRST_CAPACITY = 512;
/** Values that no vector has any more stay until there are so many more than vectors. */
const MAX_UNUSED = 1024;
/** Values that a condition looks at before others get their turn: a few milliseconds of the longest condition. */
const VALUES_PER_SLICE = 1024;

/** The values of one property, by slots of vectors: each distinct one is kept once, and a condition looks at it once. */
export class Column {
  /** Places among the values, from 1 on. */
  #codes = new Uint32Array(FIRST_CAPACITY);
  #numSlots = 0;
  #values: (Indexed | undefined)[] = [undefined];
  readonly #codeOf = new Map<Indexed, number>();

  get(slot: number): Indexed | undefined {
    return this.#values[this.#codes[slot] ?? NONE];
  }

  set(slot: number, value: Indexed | undefined): void {
    this.#grow(slot);
    this.#codes[slot] = value === undefined ? NONE : this.#codeFor(value);
    if (this.#values.length > 2 * this.#numSlots + MAX_UNUSED) this.#compact();
  }

  /** Clears in `mask` the slots whose value is not accepted. It must not go on once a value was set. */
  *restrict(mask: Uint8Array, isAccepted: (value: Indexed | undefined) => boolean): InSlices<void> {
    const accepted = new Uint8Array(this.#values.length);
    for (const [code, value] of this.#values.entries()) {
      accepted[code] = isAccepted(value) ? 1 : 0;
      if (code % VALUES_PER_SLICE === VALUES_PER_SLICE - 1) yield;
    }
    for (let slot = 0; slot < mask.length; slot++) {
      // As numbers, since this runs for each vector of an index.
      mask[slot] = (mask[slot] ?? 0) & (accepted[this.#codes[slot] ?? NONE] ?? 0);
    }
  }

  #grow(slot: number): void {
    this.#numSlots = Math.max(this.#numSlots, slot + 1);
    if (slot < this.#codes.length) return;
    const codes = new Uint32Array(Math.max(slot + 1, 2 * this.#codes.length));
    codes.set(this.#codes);
    this.#codes = codes;
  }

  #codeFor(value: Indexed): number {
    const known = this.#codeOf.get(value);
    if (known !== undefined) return known;
    const code = this.#values.push(value) - 1;
    this.#codeOf.set(value, code);
    return code;
  }

  #compact(): void {
    const before = this.#values;
    this.#values = [undefined];
    this.#codeOf.clear();
    for (let slot = 0; slot < this.#numSlots; slot++) {
      const value = before[this.#codes[slot] ?? NONE];
      this.#codes[slot] = value === undefined ? NONE : this.#codeFor(value);
    }
  }
}
