/** The largest weights are kept until there are `limit` of them, or until they add up to `mass`; at least one. */
export interface Kept {
  limit: number;
  mass: number;
}

/** The least of the candidates that are kept. Of its equals, those up to this token are kept. */
export interface LeastKept {
  weight: number;
  tokenId: number;
}

/** Tokens in rising order and their weights in [0, 1]: of both arrays ([vocab]) the first `size` count. */
interface Weighed {
  readonly tokenIds: Int32Array;
  readonly weights: Float64Array;
  readonly size: number;
}

/** So few are sorted at once. */
const FEW = 64;
/** Some bits of a weight's upper word, by which it is counted. */
interface Bits {
  readonly shift: number;
  readonly mask: number;
}
/** The exponent and two more. */
const COARSE: Bits = { shift: 18, mask: 0xfff };
/** The next twelve bits. */
const FINE: Bits = { shift: 6, mask: 0xfff };

/**
 * Finds how far the largest weights are kept. The bits of a positive float64 rise with its value: candidates are counted
 * by their first bits, and only those of the bin in which the end lies are sorted. So no limit and no mass costs more
 * than a few passes over the candidates.
 */
export class LeastKeptFinder {
  readonly #counts = new Uint32Array(COARSE.mask + 1); // [bins]
  readonly #sums = new Float64Array(COARSE.mask + 1); // [bins]
  readonly #members: Int32Array; // [vocab], indices of candidates in rising order

  constructor(vocabSize: number) {
    this.#members = new Int32Array(vocabSize); // [vocab]
  }

  /** Of candidates that are fewer than `limit` and weigh less than `mass`, the least of all. */
  find({ tokenIds, weights, size }: Weighed, { limit, mass }: Kept): LeastKept {
    for (let i = 0; i < size; i++) this.#members[i] = i;
    let members = this.#members.subarray(0, size);
    const left = { limit, mass };
    for (const bits of [COARSE, FINE]) {
      if (members.length <= FEW) break;
      const bin = this.#lastBin(weights, members, bits, left);
      members = keepBin(weights, members, bits, bin);
    }
    const [first = 0] = members;
    // A sort of many equals would take long, and leave them as they are.
    if (members.some((index) => weights[index] !== weights[first])) {
      members.sort((a, b) => (weights[b] ?? 0) - (weights[a] ?? 0) || a - b);
    }
    let rank = 0;
    while (rank < members.length - 1) {
      const weight = weights[members[rank] ?? 0] ?? 0;
      if (isEnough(1, weight, left)) break;
      take(1, weight, left);
      rank++;
    }
    const last = members[rank] ?? 0;
    return { weight: weights[last] ?? 0, tokenId: tokenIds[last] ?? 0 };
  }

  /** The bin in which the end lies; what is above it is taken off what is left. */
  #lastBin(weights: Float64Array, members: Int32Array, bits: Bits, left: Kept): number {
    const counts = this.#counts.fill(0);
    const sums = this.#sums.fill(0);
    const words = new Uint32Array(weights.buffer); // [2 x vocab], the lower word first
    let lowest = bits.mask;
    for (let m = 0; m < members.length; m++) {
      const index = members[m] ?? 0;
      const bin = binOf(words[2 * index + 1] ?? 0, bits);
      counts[bin] = (counts[bin] ?? 0) + 1;
      sums[bin] = (sums[bin] ?? 0) + (weights[index] ?? 0);
      if (bin < lowest) lowest = bin;
    }
    // Rounding may leave the sum just short of the mass: the lowest bin is the last then.
    for (let bin = bits.mask; bin > lowest; bin--) {
      const [count, sum] = [counts[bin] ?? 0, sums[bin] ?? 0];
      if (count > 0 && isEnough(count, sum, left)) return bin;
      take(count, sum, left);
    }
    return lowest;
  }
}

const binOf = (upperWord: number, { shift, mask }: Bits): number => (upperWord >>> shift) & mask;

/** Moves the members of a bin to the front. */
function keepBin(weights: Float64Array, members: Int32Array, bits: Bits, bin: number): Int32Array {
  const words = new Uint32Array(weights.buffer); // [2 x vocab]
  let numLeft = 0;
  for (let m = 0; m < members.length; m++) {
    const index = members[m] ?? 0;
    if (binOf(words[2 * index + 1] ?? 0, bits) === bin) members[numLeft++] = index;
  }
  return members.subarray(0, numLeft);
}

const isEnough = (count: number, weight: number, left: Kept): boolean =>
  count >= left.limit || weight >= left.mass;

function take(count: number, weight: number, left: Kept): void {
  left.limit -= count;
  left.mass -= weight;
}
