import { EngineError } from '../../../errors.ts';
import type { CompletionRequest, RequestRecord } from '../../engine.ts';
import { ownedId } from '../../../fairness/client-id.ts';
import { HeldFormats } from './held-formats.ts';
import type { RunningCompletion } from './running-completion.ts';

/** The completions that have not ended, by id and owner, in the order in which they came. */
export class OpenCompletions {
  readonly #byId = new Map<string, RunningCompletion>();
  readonly #formats = new HeldFormats();
  readonly #onEnd = new Map<RunningCompletion, () => void>();

  /** @throws EngineError `conflict` for an id that a batch job of the owner runs under: HTTP knows the others */
  checkFree({ id, ownerId }: Pick<RunningCompletion, 'id' | 'ownerId'>): void {
    if (!this.#byId.has(ownedId(id, ownerId))) return;
    throw new EngineError('conflict', `a request of yours with id '${id}' is running`, {
      param: 'x-request-id',
      retryable: true,
    });
  }

  /**
   * @returns gives back the room for the request's format; undefined if it has none
   * @throws EngineError as `HeldFormats.hold`
   */
  holdFormat({ grammar }: CompletionRequest, clientId: string): (() => void) | undefined {
    return grammar && this.#formats.hold(grammar, clientId);
  }

  /** @param onEnd called once it ends */
  add(completion: RunningCompletion, onEnd?: () => void): void {
    this.#byId.set(keyOf(completion), completion);
    if (onEnd !== undefined) this.#onEnd.set(completion, onEnd);
  }

  has(completion: RunningCompletion): boolean {
    return this.#byId.get(keyOf(completion)) === completion;
  }

  end(completion: RunningCompletion): void {
    this.#byId.delete(keyOf(completion));
    this.#onEnd.get(completion)?.();
    this.#onEnd.delete(completion);
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
