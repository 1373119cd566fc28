import { EngineError } from '../../errors.ts';
import type { RequestRecord } from '../engine.ts';
import { ownedId } from '../../client-id.ts';
import type { RunningCompletion } from './running-completion.ts';

/** The completions that have not ended, by id and owner, in the order in which they came. */
export class OpenCompletions {
  readonly #byId = new Map<string, RunningCompletion>();

  /** @throws EngineError `conflict` for an id that a batch job of the owner runs under: HTTP knows the others */
  checkFree({ id, ownerId }: Pick<RunningCompletion, 'id' | 'ownerId'>): void {
    if (!this.#byId.has(ownedId(id, ownerId))) return;
    throw new EngineError('conflict', `a request of yours with id '${id}' is running`, {
      param: 'x-request-id',
      retryable: true,
    });
  }

  add(completion: RunningCompletion): void {
    this.#byId.set(keyOf(completion), completion);
  }

  has(completion: RunningCompletion): boolean {
    return this.#byId.get(keyOf(completion)) === completion;
  }

  end(completion: RunningCompletion): void {
    this.#byId.delete(keyOf(completion));
  }

  /** An owner's; without an owner the one that came last of all owners'. */
  find(id: string, ownerId?: string): RunningCompletion | undefined {
    if (ownerId !== undefined) return this.#byId.get(ownedId(id, ownerId));
    return this.all().findLast((completion) => completion.id === id);
  }

  /** As they are now: some may end while one goes through them. */
  all(): RunningCompletion[] {
    return [...this.#byId.values()];
  }

  /** Of the first so many. */
  records(most: number, ownerId?: string): RequestRecord[] {
    return this.all()
      .filter((completion) => ownerId === undefined || completion.ownerId === ownerId)
      .slice(0, most)
      .map((completion) => completion.record());
  }
}

const keyOf = ({ id, ownerId }: RunningCompletion): string => ownedId(id, ownerId);
