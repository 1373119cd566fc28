/**
 * Threefry-2x32 with 20 rounds, a counter-based generator (Salmon et al., "Parallel Random Numbers: As Easy as
 * 1, 2, 3", 2011; the one JAX uses). It has no state: the number of a token depends on the seed and on where the
 * token stands, hence never on what else is in the batch or on how often the generator was asked before.
 */

const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;
const KEY_PARITY = 0x1bd11bda;
const NUM_ROUNDS = 20;

/** One block: two 32-bit key words and two counter words to two random 32-bit words. */
export function threefry2x32(
  key: readonly [number, number],
  counter: readonly [number, number],
): [number, number] {
  const keys = [key[0], key[1], KEY_PARITY ^ key[0] ^ key[1]] as const;
  let x0 = (counter[0] + keys[0]) | 0;
  let x1 = (counter[1] + keys[1]) | 0;
  for (let round = 0; round < NUM_ROUNDS; round++) {
    const rotation = ROTATIONS[round % ROTATIONS.length] ?? 0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << rotation) | (x1 >>> (32 - rotation))) ^ x0;
    if (round % 4 === 3) {
      const injection = (round + 1) / 4;
      x0 = (x0 + (keys[injection % 3] ?? 0)) | 0;
      x1 = (x1 + (keys[(injection + 1) % 3] ?? 0) + injection) | 0;
    }
  }
  return [x0 >>> 0, x1 >>> 0];
}

/**
 * The random number in [0, 1), of 53 bits, that belongs to one token: `seed` is any safe integer, `stream` tells
 * sequences of one seed apart (the choice), `index` counts the tokens of a sequence.
 */
export function randomAt(seed: number, stream: number, index: number): number {
  const key = [seed | 0, Math.floor(seed / 2 ** 32) | 0] as const;
  const [high, low] = threefry2x32(key, [index, stream]);
  return ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53;
}
