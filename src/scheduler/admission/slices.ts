import { groupOf } from '../../fairness/client-id.ts';
import type { Sequence } from '../sequence.ts';

/** Tokens that a sequence generates, at least, before it may be stopped for a client that has none that runs. */
const SLICE_TOKENS = 64;
/** A token generated pays for so many that are computed again once its sequence is stopped. */
const RECOMPUTED_PER_TOKEN = 8;

export const numTokensSinceStart = ({ tokenIds, numTokensAtStart }: Sequence): number =>
  tokenIds.length - numTokensAtStart;

export function hasHadSlice(sequence: Sequence): boolean {
  const leastTokens = Math.max(SLICE_TOKENS, sequence.tokenIds.length / RECOMPUTED_PER_TOKEN);
  return numTokensSinceStart(sequence) >= leastTokens;
}

/** More than run within a slice. Work on reservations goes on where there are no steps, and would add clients without end. */
const MAX_PARTIES = 4096;

/** Clients and groups that had something running within the last slice, and have nothing now. A step gives each text a token. */
export class RanLately {
  #step = 0;
  /** The step in which something of it ended or stopped last, by client and by group; the oldest first. */
  readonly #clients = new Map<string, number>();
  readonly #groups = new Map<string, number>();

  /** A step begins. */
  nextStep(): void {
    this.#step++;
    for (const known of [this.#clients, this.#groups]) {
      for (const [party, step] of known) {
        if (step + SLICE_TOKENS > this.#step) break;
        known.delete(party);
      }
    }
  }

  /** Something of the client ended, or stopped. */
  add(clientId: string): void {
    const group = groupOf(clientId);
    this.#note(this.#clients, clientId);
    this.#note(this.#groups, group);
  }

  #note(known: Map<string, number>, party: string): void {
    known.delete(party);
    known.set(party, this.#step);
    const [oldest] = known.keys();
    if (known.size > MAX_PARTIES && oldest !== undefined) known.delete(oldest);
  }

  hasClient(clientId: string): boolean {
    return this.#clients.has(clientId);
  }

  hasGroup(group: string): boolean {
    return this.#groups.has(group);
  }
}
