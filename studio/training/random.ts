/** The finaliser of MurmurHash3 (public domain, by Austin Appleby): a 32-bit hash of a 32-bit number. */
function finalise(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** A signed 32-bit number that depends on all the counters: what is drawn is a function of where, not of when. */
export function hashCounters(...counters: readonly number[]): number {
  return counters.reduce(
    (hash, counter) => finalise(Math.imul(hash, 31) ^ Math.imul(counter + 1, 0x9e3779b1)),
    0,
  );
}

/** Uniform in [0, 1). */
export function uniform(...counters: readonly number[]): number {
  return (hashCounters(...counters) >>> 0) / 2 ** 32;
}

/** Standard normal numbers by Box and Muller; the i-th depends on the seed and i alone. */
export function normals(length: number, seed: number): Float32Array {
  const out = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    const radius = Math.sqrt(-2 * Math.log(1 - uniform(seed, i, 0)));
    out[i] = radius * Math.cos(2 * Math.PI * uniform(seed, i, 1));
  }
  return out;
}

/** The numbers 0 to length - 1 in an order of the seed's (Fisher and Yates). */
export function permutation(length: number, seed: number): Int32Array {
  const order = Int32Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = Math.floor(uniform(seed, i) * (i + 1));
    const swapped = order[j] ?? 0;
    order[j] = order[i] ?? 0;
    order[i] = swapped;
  }
  return order;
}
