import { groupOf } from '../fairness/client-id.ts';
import type { Sequence } from './sequence.ts';

/** Milliseconds that the guides of a group may work at once: natural formats need less, even for their first tokens. */
const MOST_CREDIT_MS = 250;
/** Of the time that steps take without guides: all groups together earn so much in it. */
const SHARE = 1 / 2;

/**
 * Keeps guides that are slow from slowing the texts of others. While the guides of a sequence work, all sequences of a
 * step wait. So each group has credit in milliseconds: its guides spend it, and all groups that run earn it in equal
 * shares. The guided sequences of a group without credit stay out of steps until it has some again. Their texts are the
 * same then, only later.
 */
export class GuideBudget {
  /** Of groups that have less than the most. */
  readonly #creditMs = new Map<string, number>();

  /** The running sequences without those whose guides may not work in the next step; all where they are of one group. */
  inTime(running: readonly Sequence[]): readonly Sequence[] {
    if (this.#creditMs.size === 0) return running;
    const groups = new Set(running.map(({ clientId }) => groupOf(clientId)));
    if (groups.size === 1) return running;
    return running.filter(
      ({ guide, clientId }) => guide === undefined || (this.#creditMs.get(groupOf(clientId)) ?? 0) >= 0,
    );
  }

  /**
   * A step was computed.
   *
   * @param running when it was
   * @param durationMs of the step, its guides included
   */
  record(running: readonly Sequence[], durationMs: number): void {
    let guideMs = 0;
    for (const { guide, clientId } of running) {
      if (guide === undefined) continue;
      const workMs = guide.takeWorkMs();
      const group = groupOf(clientId);
      this.#creditMs.set(group, (this.#creditMs.get(group) ?? MOST_CREDIT_MS) - workMs);
      guideMs += workMs;
    }
    if (this.#creditMs.size === 0) return;
    const groups = new Set(running.map(({ clientId }) => groupOf(clientId)));
    this.#earn((SHARE * Math.max(durationMs - guideMs, 0)) / Math.max(groups.size, 1));
  }

  #earn(ms: number): void {
    for (const [group, creditMs] of this.#creditMs) {
      if (creditMs + ms >= MOST_CREDIT_MS) this.#creditMs.delete(group);
      else this.#creditMs.set(group, creditMs + ms);
    }
  }
}
