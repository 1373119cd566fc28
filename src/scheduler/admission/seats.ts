import { assertInvariant } from '../../errors.ts';

/** Places of sequences that run at once. The lowest free one is taken, so that those in use are told in a short list. */
export class Seats {
  readonly numSeats: number;
  readonly #taken = new Set<number>();

  constructor(numSeats: number) {
    this.numSeats = numSeats;
  }

  get numFree(): number {
    return this.numSeats - this.#taken.size;
  }

  take(): number {
    let seat = 0;
    while (this.#taken.has(seat)) seat++;
    assertInvariant(seat < this.numSeats, 'a seat is taken while one is free');
    this.#taken.add(seat);
    return seat;
  }

  free(seat: number): void {
    assertInvariant(this.#taken.delete(seat), `seat ${seat} is freed once, by the one who has it`);
  }
}
