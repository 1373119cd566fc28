import { groupOf } from './client-id.ts';
import { assertInvariant } from '../errors.ts';
import { ClientShares } from './client-shares.ts';

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

  /** The job whose turn it is. It waits no longer, and counts as its client's until it is finished. */
  next(): Job | undefined {
    const clientIds = [...this.#waiting.keys()];
    const group = this.#groups.next(new Set(clientIds.map(groupOf)));
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
