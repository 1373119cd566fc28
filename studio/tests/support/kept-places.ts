/**
 * Which of a tensor's elements dropout keeps, by its definition: MurmurHash3's finaliser of an element's place and the seed. A
 * run that goes on from a checkpoint of an earlier version drops what that one would have dropped.
 */
export function isKept(place: number, { rate, seed }: { rate: number; seed: number }): boolean {
  let hash = Math.imul(place, 0x9e3779b1) ^ seed;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 1 >= Math.round(rate * 2 ** 31);
}
