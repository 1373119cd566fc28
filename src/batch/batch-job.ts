import type { EngineError } from '../errors.ts';

/** Tokens that the items of a job used. */
export interface BatchUsage {
  readonly numPromptTokens: number;
  readonly numGeneratedTokens: number;
}

export interface ItemAnswer {
  /** JSON, as the job's answer has it. */
  readonly entry: string;
  readonly usage: BatchUsage;
}

/** What a job's items are: a route knows. */
export interface BatchWork {
  readonly numItems: number;
  /**
   * Does an item.
   *
   * @param onSubmitted called when the engine has it: from then on the engine's own numbers count it
   * @throws EngineError
   */
  run(index: number, onSubmitted: () => void): Promise<ItemAnswer>;
  /** The entry of an item that failed. */
  toFailure(index: number, error: EngineError): string;
}

export interface BatchDemand {
  readonly id: string;
  /** Who may see it. */
  readonly ownerId: string;
  readonly modelId: string;
  /** Of its requests. */
  readonly numBytes: number;
  readonly work: BatchWork;
}

/** An item that failed with the engine is done once more. */
const MAX_ATTEMPTS = 2;

/** Items that are done one by one, later: which of them are open, and what came of the others. */
export class BatchJob {
  readonly id: string;
  readonly ownerId: string;
  readonly modelId: string;
  readonly createdMs: number;
  /** What it takes of the memory of all jobs: its requests until it is done, and its entries. */
  numBytes: number;
  /** Its entries were asked for when it was done. */
  isFetched = false;
  /** Not before this time is an item worth trying. */
  notBeforeMs = 0;
  readonly #work: BatchWork;
  readonly #numRequestBytes: number;
  readonly #entries: (string | undefined)[];
  /** Items that have to be done again, before those that were not begun. */
  readonly #again: number[] = [];
  readonly #numAttempts = new Map<number, number>();
  #nextIndex = 0;
  #numDone = 0;
  #usage: BatchUsage = { numPromptTokens: 0, numGeneratedTokens: 0 };

  constructor({ id, ownerId, modelId, numBytes, work }: BatchDemand, createdMs: number) {
    this.id = id;
    this.ownerId = ownerId;
    this.modelId = modelId;
    this.numBytes = numBytes;
    this.#numRequestBytes = numBytes;
    this.createdMs = createdMs;
    this.#work = work;
    this.#entries = new Array<string | undefined>(work.numItems).fill(undefined);
  }

  get status(): 'queued' | 'running' | 'done' {
    if (this.#numDone === this.#work.numItems) return 'done';
    return this.#nextIndex === 0 ? 'queued' : 'running';
  }

  get hasOpenItems(): boolean {
    return this.#again.length > 0 || this.#nextIndex < this.#work.numItems;
  }

  /** All of them once it is done. */
  get entries(): string[] {
    return this.#entries.filter((entry) => entry !== undefined);
  }

  get usage(): BatchUsage {
    return this.#usage;
  }

  /** The next item, which is no longer open. */
  takeItem(): number | undefined {
    const again = this.#again.shift();
    if (again !== undefined) return again;
    return this.#nextIndex < this.#work.numItems ? this.#nextIndex++ : undefined;
  }

  run(index: number, onSubmitted: () => void): Promise<ItemAnswer> {
    return this.#work.run(index, onSubmitted);
  }

  /** @returns by how many bytes it grew */
  finishItem(index: number, { entry, usage }: ItemAnswer): number {
    this.#usage = {
      numPromptTokens: this.#usage.numPromptTokens + usage.numPromptTokens,
      numGeneratedTokens: this.#usage.numGeneratedTokens + usage.numGeneratedTokens,
    };
    return this.#end(index, entry);
  }

  /**
   * An item was not done. What the service could not take now stays open for as long as that takes; what the engine
   * failed at is tried once more; any other fault is the item's own.
   *
   * @returns by how many bytes it grew
   */
  failItem(index: number, error: EngineError, isLater: boolean): number {
    const numAttempts = (this.#numAttempts.get(index) ?? 0) + (isLater ? 0 : 1);
    this.#numAttempts.set(index, numAttempts);
    const mayTryAgain = error.code === 'backend_failure' && error.retryable && numAttempts < MAX_ATTEMPTS;
    if (isLater || mayTryAgain) {
      this.#again.push(index);
      return 0;
    }
    return this.#end(index, this.#work.toFailure(index, error));
  }

  #end(index: number, entry: string): number {
    this.#numAttempts.delete(index);
    this.#entries[index] = entry;
    this.#numDone++;
    // Its requests are not needed any more once it is done.
    const change = Buffer.byteLength(entry) - (this.status === 'done' ? this.#numRequestBytes : 0);
    this.numBytes += change;
    return change;
  }
}
