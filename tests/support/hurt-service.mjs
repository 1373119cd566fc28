import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers';
import { getHeapStatistics } from 'node:v8';

/** Loaded into a service by NODE_OPTIONS: hurts its main thread in the way that a signal stands for. */

/** Of 8 bytes. */
const SLICE_ITEMS = 125_000;
const kept = [];
let wanted = 0;

/** Each slice is a turn of the event loop, as if a request kept it. */
function keepMore() {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
  if (wanted === 0) return;
  // Some of what is used is garbage: it looks again.
  if (used < wanted * limit) kept.push(new Array(SLICE_ITEMS).fill(0.5));
  setTimeout(keepMore, 5);
}

function keep(share) {
  wanted = share;
  setTimeout(keepMore, 5);
}

function endlessLoop() {
  for (let turns = 0; ; turns++) if (turns < 0) return;
}

process.on('SIGUSR2', endlessLoop);
/** Native code: nothing is written into that FIFO. */
process.on('SIGVTALRM', () => readFileSync(process.env['HURT_FIFO']));
/** Until the heap ends. */
process.on('SIGWINCH', () => keep(Infinity));
/** Most of what a small heap may have beside its young generation; the second time it lets go. */
process.on('SIGALRM', () => {
  if (wanted === 0) {
    keep(0.6);
    return;
  }
  wanted = 0;
  kept.length = 0;
});
