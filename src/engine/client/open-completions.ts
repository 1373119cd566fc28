import { assertInvariant } from '../../errors.ts';
import type { RequestRecord } from '../engine.ts';
import type { RunningCompletion } from './running-completion.ts';

/** The completions that have not ended, by id, in the order in which they came. */
export class OpenCompletions {
  readonly #byId = new Map<string, RunningCompletion>();

  checkFree(id: string): void {
    assertInvariant(!this.#byId.has(id), `request id ${id} is not in use`);
  }

  add(completion: RunningCompletion): void {
    this.#byId.set(completion.id, completion);
  }

  has(completion: RunningCompletion): boolean {
    return this.#byId.get(completion.id) === completion;
  }

  end({ id }: RunningCompletion): void {
    this.#byId.delete(id);
  }

  /** An owner's, or any without one. */
  find(id: string, ownerId?: string): RunningCompletion | undefined {
    const completion = this.#byId.get(id);
    return completion?.isOf(ownerId) === true ? completion : undefined;
  }

  /** As they are now: some may end while one goes through them. */
  all(): RunningCompletion[] {
    return [...this.#byId.values()];
  }

  /** Of the first so many. */
  records(most: number, ownerId?: string): RequestRecord[] {
    return this.all()
      .filter((completion) => completion.isOf(ownerId))
      .slice(0, most)
      .map((completion) => completion.record());
  }
}
