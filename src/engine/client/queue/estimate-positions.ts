import { groupOf } from '../../../fairness/client-id.ts';

/** A sequence that waits for a lane or has started. */
interface HeldSequence {
  readonly clientId: string;
  readonly started: boolean;
}

/**
 * The order in which waiting sequences are expected to start, from 1.
 *
 * The scheduler gives lanes to the groups in turns, and within a group to its members in turns
 * (src/scheduler/lane-shares.ts). So the turns are played through here: a sequence that has started is a turn that its
 * client has had, the k-th that waits is its client's k-th turn after these, and of two with the same turn the one that
 * came first goes first. It is an estimate. The scheduler goes by tokens where turns are equal, a sequence may end soon
 * or late, and a client that comes meanwhile may go before.
 *
 * @param held in the order in which they came
 */
export function estimatePositions(held: ReadonlyMap<number, HeldSequence>): ReadonlyMap<number, number> {
  const waiting = withTurns([...held].map(toEntry), ({ clientId }) => clientId);
  // Stable sorting keeps those of one turn in the order in which they came.
  const inGroups = waiting.toSorted((one, other) => one.turn - other.turn);
  const started = [...held].filter(([, { started }]) => started).map(toEntry);
  const byGroup = withTurns([...started, ...inGroups], ({ clientId }) => groupOf(clientId));
  const inOrder = byGroup.toSorted((one, other) => one.turn - other.turn || one.arrival - other.arrival);
  return new Map(inOrder.map(({ id }, index) => [id, index + 1]));
}

interface Entry {
  readonly id: number;
  readonly clientId: string;
  readonly started: boolean;
  readonly arrival: number;
}

const toEntry = ([id, { clientId, started }]: [number, HeldSequence], arrival: number): Entry => ({
  id,
  clientId,
  started,
  arrival,
});

/** Those that wait, each with the number of turns before it that its client, or its group, has. */
function withTurns(
  entries: readonly Entry[],
  takerOf: (entry: Entry) => string,
): (Entry & { turn: number })[] {
  const numTurns = new Map<string, number>();
  for (const entry of entries) {
    if (entry.started) numTurns.set(takerOf(entry), (numTurns.get(takerOf(entry)) ?? 0) + 1);
  }
  return entries
    .filter(({ started }) => !started)
    .map((entry) => {
      const turn = numTurns.get(takerOf(entry)) ?? 0;
      numTurns.set(takerOf(entry), turn + 1);
      return { ...entry, turn };
    });
}
