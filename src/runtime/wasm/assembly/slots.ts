/**
 * Memory for one chunk at a time: as many slots as there are threads, so that one is free whenever a chunk asks. They
 * lie one behind the other after a cache line for each, whose first word says that the slot is taken.
 */
import { SLOT_LINE_BYTES } from './kernel-ids';

/** Frees all slots, whatever their lines held: in a job before the one that claims them. */
export function freeSlots(slots: usize, numSlots: i32): void {
  memory.fill(slots, 0, (numSlots as usize) * SLOT_LINE_BYTES);
}

/** Takes a free slot: its index. */
export function claimSlot(slots: usize, numSlots: i32): i32 {
  let slot = 0;
  while (atomic.cmpxchg<i32>(slots + (slot as usize) * SLOT_LINE_BYTES, 0, 1) != 0) slot = slot + 1 < numSlots ? slot + 1 : 0;
  return slot;
}

export function releaseSlot(slots: usize, slot: i32): void {
  atomic.store<i32>(slots + (slot as usize) * SLOT_LINE_BYTES, 0);
}

export function slotAddress(slots: usize, numSlots: i32, slot: i32, slotBytes: usize): usize {
  return slots + (numSlots as usize) * SLOT_LINE_BYTES + (slot as usize) * slotBytes;
}
