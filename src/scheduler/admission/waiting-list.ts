import type { Sequence } from '../sequence.ts';

/**
 * Sequences that do not run, those of each client in the order in which they start: first those that were stopped, then
 * by their priority, the least first, and among equals in the order in which they came. A priority orders the sequences of
 * one client: which client's turn it is, it does not change.
 */
export class WaitingList {
  readonly #byClient = new Map<string, Sequence[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get clientIds(): Iterable<string> {
    return this.#byClient.keys();
  }

  add(sequence: Sequence): void {
    const { clientId } = sequence;
    const list = this.#byClient.get(clientId);
    if (list === undefined) this.#byClient.set(clientId, [sequence]);
    else list.splice(placeOf(sequence, list), 0, sequence);
    this.#size++;
  }

  /** Before all others of its client. */
  addFirst(sequence: Sequence): void {
    const list = this.#byClient.get(sequence.clientId);
    if (list === undefined) {
      this.add(sequence);
      return;
    }
    list.unshift(sequence);
    this.#size++;
  }

  /** The client's first. */
  firstOf(clientId: string): Sequence | undefined {
    return this.#byClient.get(clientId)?.[0];
  }

  /** Takes a sequence out; `undefined` when it is not here. */
  remove(sequenceId: number): Sequence | undefined {
    for (const [clientId, list] of this.#byClient) {
      const index = list.findIndex(({ id }) => id === sequenceId);
      if (index === -1) continue;
      const [sequence] = list.splice(index, 1);
      if (list.length === 0) this.#byClient.delete(clientId);
      this.#size--;
      return sequence;
    }
    return undefined;
  }
}

/** Behind all that start before it. */
function placeOf({ priority }: Sequence, list: readonly Sequence[]): number {
  const isBefore = (one: Sequence): boolean => one.numPreemptions > 0 || one.priority <= priority;
  return list.findLastIndex(isBefore) + 1;
}
