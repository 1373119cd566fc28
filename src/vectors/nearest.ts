/**
 * Finds out of distances that are off by a bounded error which ones may be among the nearest: each whose least possible
 * distance is not above the k-th of the largest possible ones. The truly nearest are always among them.
 */
export class NearestCandidates {
  readonly #count: number;
  /** The least of the largest possible distances, in order. */
  readonly #uppers: number[] = [];
  readonly #lowers: Float64Array;

  /** @param count of the nearest that are wanted */
  constructor(count: number, numSlots: number) {
    this.#count = count;
    this.#lowers = new Float64Array(numSlots).fill(Infinity);
  }

  add(slot: number, distance: number, maxError: number): void {
    this.#lowers[slot] = distance - maxError;
    const upper = distance + maxError;
    const uppers = this.#uppers;
    if (uppers.length >= this.#count) {
      if (upper >= (uppers.at(-1) ?? Infinity)) return;
      uppers.pop();
    }
    let place = uppers.length;
    while (place > 0 && (uppers[place - 1] ?? 0) > upper) place--;
    uppers.splice(place, 0, upper);
  }

  /** In the order of their slots. */
  slots(): number[] {
    const bound = this.#uppers.length < this.#count ? Number.MAX_VALUE : (this.#uppers.at(-1) ?? 0);
    const slots: number[] = [];
    for (let slot = 0; slot < this.#lowers.length; slot++) {
      if ((this.#lowers[slot] ?? Infinity) <= bound) slots.push(slot);
    }
    return slots;
  }
}
