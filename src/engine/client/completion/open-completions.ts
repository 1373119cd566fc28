import { EngineError } from '../../../errors.ts';
import type { CompletionRequest, RequestRecord } from '../../engine.ts';
import { ownedId } from '../../../fairness/client-id.ts';
import type { RunningCompletion } from './running-completion.ts';
import type { CompiledGrammar } from '../../../text/grammar-compiler.ts';
import { FairCapacity } from '../../../fairness/fair-capacity.ts';

/** Bytes of the formats of all requests that wait or run: two processes hold them. */
const MAX_HELD_BYTES = 128 * 2 ** 20;

/** A client's use of a format, by all its requests that have it. */
interface Use {
  readonly clientId: string;
  readonly numBytes: number;
  numRequests: number;
}

/** Counts the bytes of compiled formats that the requests of an engine hold; clients share the room for them. */
export class HeldFormats {
  readonly #bytes = new FairCapacity();
  readonly #uses = new Map<string, Use>();

  /**
   * @returns gives the format back, once
   * @throws EngineError `queue_full` where there is no room for it, and the client has its share
   */
  hold({ key, numBytes }: Pick<CompiledGrammar, 'key' | 'numBytes'>, clientId: string): () => void {
    const id = `${key} ${clientId}`;
    const use = this.#uses.get(id) ?? { clientId, numBytes, numRequests: 0 };
    if (use.numRequests === 0) {
      if (!this.#bytes.canTake(clientId, numBytes, MAX_HELD_BYTES)) throw this.#full(numBytes);
      this.#bytes.take(clientId, numBytes);
      this.#uses.set(id, use);
    }
    use.numRequests++;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      if (--use.numRequests > 0) return;
      this.#uses.delete(id);
      this.#bytes.giveBack(clientId, numBytes);
    };
  }

  #full(numBytes: number): EngineError {
    const complaint =
      `the formats of the requests that wait or run take ${this.#bytes.numTaken} bytes, and this one ${numBytes}: ` +
      `at most ${MAX_HELD_BYTES} are held`;
    return new EngineError('queue_full', complaint);
  }
}

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
