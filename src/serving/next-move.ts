import { planLoad, type ResidentModel } from './plan-load.ts';

/** A model that is asked for and not in memory. */
export interface WaitingModel {
  readonly id: string;
  readonly neededBytes: number;
}

/**
 * The round of a model that has waited longest and lacks memory: others leave for it alone. Models in use that have had
 * their time yield: they take no new requests, so that they become idle. Without that a model that is never idle would
 * stay for ever.
 */
export interface Round {
  readonly id: string;
  readonly yielding: readonly string[];
  /** From then on it is over, whatever has come of it: what runs on the others runs too long. */
  readonly endsAt: number;
}

/** What the pool knows when it decides. Times are of one clock, in milliseconds. */
export interface PoolSituation {
  readonly now: number;
  readonly limitBytes: number;
  /** In the order in which they were asked for. */
  readonly waiting: readonly WaitingModel[];
  /** Without those that are being unloaded. */
  readonly residents: readonly ResidentModel[];
  readonly round: Round | undefined;
  /** Loads that may begin beside those under way. */
  readonly numFreeLoads: number;
}

export type PoolMove =
  | { kind: 'load'; id: string; unload: readonly string[] }
  /** It can never fit beside the models that stay. */
  | { kind: 'refuse'; id: string }
  /** A round begins, or other models yield to it. */
  | { kind: 'round'; round: Round }
  /** `isInVain`: the model waits again, behind all others. */
  | { kind: 'endRound'; isInVain: boolean }
  /** Nothing is to be done before `until`, or before something changes. These lack memory. */
  | { kind: 'wait'; until: number | undefined; lacking: readonly string[] };

/** How long models in use may be kept from new requests for another model. */
export const YIELD_MS = 10_000;

/**
 * What a pool does next: pure, asked again after each move until it waits.
 *
 * What fits into free memory is loaded, even when others wait before it. Models leave for those that wait in the order
 * in which they were asked for, one round after the other: else small models would take the place of each other for
 * ever, and a large one would never find enough of them gone.
 */
export function nextMove(situation: PoolSituation): PoolMove {
  const { round, now, waiting, residents, limitBytes, numFreeLoads } = situation;
  const isWanted = round !== undefined && waiting.some(({ id }) => id === round.id);
  if (round !== undefined && (!isWanted || now >= round.endsAt))
    return { kind: 'endRound', isInVain: isWanted };
  const lacking: string[] = [];
  const times = round === undefined ? [] : [round.endsAt];
  for (const { id, neededBytes } of waiting) {
    const isOthersRound = round !== undefined && round.id !== id;
    const plan = planLoad(neededBytes, limitBytes, yieldingFirst(residents, round), now);
    if (plan.kind === 'refuse') return { kind: 'refuse', id };
    if (plan.kind === 'load' && !(isOthersRound && plan.unload.length > 0)) {
      if (numFreeLoads > 0) return { kind: 'load', id, unload: plan.unload };
      continue;
    }
    lacking.push(id);
    if (plan.kind === 'load' || isOthersRound) continue;
    if (round === undefined) return { kind: 'round', round: beginRound(id, plan.yielding, situation) };
    if (!isSame(plan.yielding, round.yielding)) {
      return { kind: 'round', round: { ...round, yielding: plan.yielding } };
    }
    if (plan.retryAt !== undefined) times.push(plan.retryAt);
  }
  return { kind: 'wait', until: times.length === 0 ? undefined : Math.min(...times), lacking };
}

/** So that those who yield already are those who leave. */
function yieldingFirst(residents: readonly ResidentModel[], round: Round | undefined): ResidentModel[] {
  return residents.map((resident) =>
    round?.yielding.includes(resident.id) === true ? { ...resident, lastUsedAt: -Infinity } : resident,
  );
}

/** It lasts until all who are there have had their time, and they have had time to become idle. */
function beginRound(id: string, yielding: readonly string[], { now, residents }: PoolSituation): Round {
  const ends = residents.map(({ staysUntil }) => staysUntil).filter(Number.isFinite);
  return { id, yielding, endsAt: Math.max(now, ...ends) + YIELD_MS };
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((id) => others.includes(id));
}
