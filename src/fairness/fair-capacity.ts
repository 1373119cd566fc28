import { groupOf } from './client-id.ts';
import { assertInvariant } from '../errors.ts';
import { ClientShares } from './client-shares.ts';

/**
 * Something bounded that clients have in common, such as the slots of a queue or the bytes of a store. A client gets what it
 * asks for while there is enough. When it has run out, a group that has less than an equal share still gets in, and the
 * group that filled it does not. So a group alone may have all of it, and no group is kept out by another, however many
 * members that has. An equal share is at least 1.
 *
 * Within a group its members share in the same way: while the group has less than its share each of them gets in; when
 * it has all of its share, only a member that has less than an equal part of that.
 *
 * Groups that come one after the other, each when all is taken, take a half of the bound beyond it, a third, a quarter,
 * and so on, and so do members within their group's share. Let H(n) be 1 + 1/2 + .. + 1/n: n groups of m members each
 * never hold more than bound * H(n) * H(m), and 1 each for groups beyond the bound. Part of that is a group's own doing:
 * what its members take beyond its share changes no other group's.
 */
export class FairCapacity {
  readonly #groups = new Amounts();
  readonly #membersOf = new Map<string, Amounts>();

  /** Taken by all clients together. */
  get numTaken(): number {
    return this.#groups.numTaken;
  }

  canTake(clientId: string, amount: number, bound: number): boolean {
    if (this.#groups.numTaken + amount <= bound) return true;
    const group = groupOf(clientId);
    // One at least, so that a group gets in however many others there are.
    const groupShare = Math.max(this.#groups.shareOf(group, bound), Math.min(bound, 1));
    if (this.#groups.takenBy(group) + amount <= groupShare) return true;
    const members = this.#membersOf.get(group);
    // Without any members the group has nothing, and asks for more than its share.
    if (members === undefined) return false;
    return members.takenBy(clientId) + amount <= members.shareOf(clientId, groupShare);
  }

  take(clientId: string, amount: number): void {
    this.#add(clientId, amount);
  }

  giveBack(clientId: string, amount: number): void {
    this.#add(clientId, -amount);
  }

  #add(clientId: string, amount: number): void {
    const group = groupOf(clientId);
    const members = this.#membersOf.get(group) ?? new Amounts();
    members.add(clientId, amount);
    this.#groups.add(group, amount);
    if (members.numTaken === 0) this.#membersOf.delete(group);
    else this.#membersOf.set(group, members);
  }
}

/** Who has how many. */
class Amounts {
  readonly #taken = new Map<string, number>();
  numTaken = 0;

  takenBy(id: string): number {
    return this.#taken.get(id) ?? 0;
  }

  /** An equal share among those who have some and this one. */
  shareOf(id: string, bound: number): number {
    const numIds = this.#taken.size + (this.#taken.has(id) ? 0 : 1);
    return Math.floor(bound / numIds);
  }

  add(id: string, amount: number): void {
    const numLeft = this.takenBy(id) + amount;
    assertInvariant(numLeft >= 0, 'a client gives back no more than it has');
    this.numTaken += amount;
    if (numLeft === 0) this.#taken.delete(id);
    else this.#taken.set(id, numLeft);
  }
}

/**
 * Jobs that wait for something that does one at a time. The next one is of the group of clients that was given the least
 * time, within it of the member that was, and within a member the oldest. What a job took is known only when it is done:
 * until then it counts nothing.
 */
export class FairJobs<Job extends { readonly clientId: string }> {
  readonly #waiting = new Map<string, Job[]>();
  readonly #groups = new ClientShares();
  readonly #members = new Map<string, { shares: ClientShares; numJobs: number }>();

  /** True when no job waits. */
  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  add(job: Job): void {
    const group = groupOf(job.clientId);
    const members = this.#members.get(group) ?? { shares: new ClientShares(), numJobs: 0 };
    members.numJobs++;
    members.shares.enter(job.clientId);
    this.#members.set(group, members);
    this.#groups.enter(group);
    const jobs = this.#waiting.get(job.clientId);
    if (jobs === undefined) this.#waiting.set(job.clientId, [job]);
    else jobs.push(job);
  }

  /**
   * The job whose turn it is, of the groups that may have one. It waits no longer, and counts as its client's until it is
   * finished.
   */
  next(mayHave: (group: string) => boolean = () => true): Job | undefined {
    const clientIds = [...this.#waiting.keys()];
    const group = this.#groups.next(new Set(clientIds.map(groupOf).filter(mayHave)));
    if (group === undefined) return undefined;
    const ofGroup = clientIds.filter((clientId) => groupOf(clientId) === group);
    const [job] = this.#waiting.get(this.#members.get(group)?.shares.next(ofGroup) ?? '') ?? [];
    assertInvariant(job, 'a client whose turn it is has a job that waits');
    this.#dequeue(job);
    return job;
  }

  /** Takes out a job that waits; false when it does not wait (any more). */
  remove(job: Job): boolean {
    const waited = this.#dequeue(job);
    if (waited) this.#leave(job.clientId);
    return waited;
  }

  /** A job that was next is done, after so many milliseconds. */
  finish({ clientId }: Job, durationMs: number): void {
    const group = groupOf(clientId);
    this.#groups.serve(group, durationMs);
    this.#members.get(group)?.shares.serve(clientId, durationMs);
    this.#leave(clientId);
  }

  #leave(clientId: string): void {
    const group = groupOf(clientId);
    const members = this.#members.get(group);
    assertInvariant(members !== undefined, 'a group is known while it has jobs');
    this.#groups.leave(group);
    members.shares.leave(clientId);
    members.numJobs--;
    if (members.numJobs === 0) this.#members.delete(group);
  }

  #dequeue(job: Job): boolean {
    const jobs = this.#waiting.get(job.clientId) ?? [];
    const index = jobs.indexOf(job);
    if (index === -1) return false;
    jobs.splice(index, 1);
    if (jobs.length === 0) this.#waiting.delete(job.clientId);
    return true;
  }
}
