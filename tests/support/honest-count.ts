import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'vitest';

/** Stores say how many bytes they hold. Here that number is compared with what the process's memory grows by. */

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Once what earlier tests held has gone: as long as a collection frees more than a little. */
export async function bytesInUse(): Promise<number> {
  for (let last = Infinity; ;) {
    await sleep(5);
    collect();
    const { heapUsed, external } = process.memoryUsage();
    const numBytes = heapUsed + external;
    if (last - numBytes < 50_000) return numBytes;
    last = numBytes;
  }
}

export const MIB = 2 ** 20;
export const MAX_BYTES = 6 * MIB;
const FACTOR = 1.5;

/** A store with a bound, and how it is filled: until it is nearly full, or an entry gives way. */
export interface Filling {
  /** Of what it holds now. */
  numBytes(): number;
  /** Adds the entry of a number. */
  add(index: number): void | Promise<void>;
}

export async function expectHonestCount(create: () => Filling, maxBytes = MAX_BYTES): Promise<void> {
  // What is compiled and cached at first use is none of the store's.
  const trial = create();
  for (let i = 0; i < 10; i++) await trial.add(i);
  const before = await bytesInUse();
  const store = create();
  for (let index = 0, most = -1; store.numBytes() > most && store.numBytes() < 0.97 * maxBytes; index++) {
    most = store.numBytes();
    await store.add(index);
  }
  const measured = (await bytesInUse()) - before;
  const counted = store.numBytes();
  expect(counted).toBeGreaterThan(0.75 * maxBytes);
  // Jobs have two bounds, and are added up.
  expect(counted).toBeLessThanOrEqual(1.1 * maxBytes);
  const ratio = counted / measured;
  expect(ratio, `${counted} counted, ${measured} measured`).toBeGreaterThan(1 / FACTOR);
  expect(ratio, `${counted} counted, ${measured} measured`).toBeLessThan(FACTOR);
}
