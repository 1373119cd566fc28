import { assertInvariant } from '../../errors.ts';
import type { CompletionRequest, RequestRecord } from '../engine.ts';
import { HeldFormats } from './held-formats.ts';
import type { RunningCompletion } from './running-completion.ts';

/** The completions that have not ended, by id, in the order in which they came. */
export class OpenCompletions {
  readonly #byId = new Map<string, RunningCompletion>();
  readonly #formats = new HeldFormats();
  readonly #onEnd = new Map<RunningCompletion, () => void>();

  /**
   * @returns gives back the room for the request's format; undefined if it has none
   * @throws EngineError as `HeldFormats.hold`
   */
  checkRoom({ id, grammar }: CompletionRequest, clientId: string): (() => void) | undefined {
    assertInvariant(!this.#byId.has(id), `request id ${id} is not in use`);
    return grammar && this.#formats.hold(grammar, clientId);
  }

  /** @param onEnd called once it ends */
  add(completion: RunningCompletion, onEnd?: () => void): void {
    this.#byId.set(completion.id, completion);
    if (onEnd !== undefined) this.#onEnd.set(completion, onEnd);
  }

  has(completion: RunningCompletion): boolean {
    return this.#byId.get(completion.id) === completion;
  }

  end(completion: RunningCompletion): void {
    this.#byId.delete(completion.id);
    this.#onEnd.get(completion)?.();
    this.#onEnd.delete(completion);
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
