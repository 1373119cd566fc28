import { setTimeout as sleep } from 'node:timers/promises';
import type { WasmExports } from './wasm-exports.ts';

/**
 * An engine compiles a function twice, in haste and then for speed, and the second takes effect at some later call:
 * Node 20's first calls of relaxed instructions were wrong, its later ones right.
 */
const ROUNDS = 4;
const CALLS_A_ROUND = 10;
const PAUSE_MILLISECONDS = 5;

/**
 * The fastest set of kernels that this engine computes as it is defined, call after call: products of whole numbers come out
 * exactly, and those of fractions are rounded alike, for a row by itself as in company. Relaxed instructions promise neither,
 * and a version says neither.
 */
export async function rightSet(kernels: WasmExports): Promise<number | undefined> {
  for (let set = 0; kernels.nameOf(set) !== 0; set++) {
    if (await isAlwaysRight(kernels, set)) return set;
  }
  return undefined;
}

async function isAlwaysRight(kernels: WasmExports, set: number): Promise<boolean> {
  const digest = kernels.digestOfFractions(set);
  const isRight = (): boolean =>
    digest !== 0 && kernels.computesRight(set) !== 0 && kernels.digestOfFractions(set) === digest;
  for (let round = 0; round < ROUNDS; round++) {
    if (round > 0) await sleep(PAUSE_MILLISECONDS);
    for (let call = 0; call < CALLS_A_ROUND; call++) {
      if (!isRight()) return false;
    }
  }
  return true;
}
