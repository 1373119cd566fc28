import { groupOf } from '../../../fairness/client-id.ts';

/** A sequence that waits for a seat or has started. */
interface HeldSequence {
  readonly clientId: string;
  /** Of the client's own requests that wait, the lowest starts first; undefined: 0. */
  readonly priority?: number;
  readonly started: boolean;
}

/**
 * The order in which waiting sequences are expected to start, from 1.
 *
 * The scheduler gives seats to the groups in turns, and within a group to its members in turns
 * (src/scheduler/seat-shares.ts). So the rounds are played through here: a sequence that has started is a round that its
 * client has had, the k-th that waits is its client's k-th round after these, and of two with the same round the one that
 * came first goes first. A client's own go by their priority. It is an estimate. The scheduler goes by tokens where rounds are equal, a sequence may end soon
 * or late, and a client that comes meanwhile may go before.
 *
 * @param held in the order in which they came
 */
export function estimatePositions(held: ReadonlyMap<number, HeldSequence>): ReadonlyMap<number, number> {
  const byPriority = [...held].map(toEntry).toSorted((one, other) => one.priority - other.priority);
  const waiting = withRounds(byPriority, ({ clientId }) => clientId);
  const inGroups = waiting.toSorted((one, other) => one.round - other.round || one.arrival - other.arrival);
  const started = [...held].filter(([, { started }]) => started).map(toEntry);
  const byGroup = withRounds([...started, ...inGroups], ({ clientId }) => groupOf(clientId));
  const inOrder = byGroup.toSorted((one, other) => one.round - other.round || one.arrival - other.arrival);
  return new Map(inOrder.map(({ id }, index) => [id, index + 1]));
}

interface Entry {
  readonly id: number;
  readonly clientId: string;
  readonly priority: number;
  readonly started: boolean;
  readonly arrival: number;
}

const toEntry = (
  [id, { clientId, priority = 0, started }]: [number, HeldSequence],
  arrival: number,
): Entry => ({
  id,
  clientId,
  priority,
  started,
  arrival,
});

/** Those that wait, each with the number of rounds before it that its client, or its group, has. */
function withRounds(
  entries: readonly Entry[],
  takerOf: (entry: Entry) => string,
): (Entry & { round: number })[] {
  const numRounds = new Map<string, number>();
  for (const entry of entries) {
    if (entry.started) numRounds.set(takerOf(entry), (numRounds.get(takerOf(entry)) ?? 0) + 1);
  }
  return entries
    .filter(({ started }) => !started)
    .map((entry) => {
      const round = numRounds.get(takerOf(entry)) ?? 0;
      numRounds.set(takerOf(entry), round + 1);
      return { ...entry, round };
    });
}
