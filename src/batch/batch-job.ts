import { heldBytes, packedBytes, packText, unpackText } from '../held-bytes.ts';
import { EngineError } from '../errors.ts';

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
  /**
   * Does an item.
   *
   * @param request its JSON
   * @param onSubmitted called when the engine has it: from then on the engine's own numbers count it
   * @throws EngineError
   */
  run(index: number, request: string, onSubmitted: () => void): Promise<ItemAnswer>;
  /** The entry of an item that failed. */
  toFailure(index: number, request: string, error: EngineError): string;
}

export interface NewBatchJob {
  readonly id: string;
  /** Who may see it. */
  readonly ownerId: string;
  readonly modelId: string;
  /** JSON of each item: what is parsed of it is not kept. */
  readonly requests: readonly string[];
  readonly work: BatchWork;
}

/** An item that failed with the engine is done once more. */
const MAX_ATTEMPTS = 2;
/** By how many bytes a job's answers grow, and its requests shrink, when an item ends. */
export interface ItemEnd {
  readonly numAnswerBytes: number;
  readonly numRequestBytes: number;
}

const NO_END: ItemEnd = { numAnswerBytes: 0, numRequestBytes: 0 };

/** What a job takes in memory beside its requests and entries. */
const JOB_BYTES = 400;
/** Its places in the lists of requests and of entries. */
const ITEM_BYTES = 16;

/** Items that are done one by one, later: which of them are open, and what came of the others. */
export class BatchJob {
  readonly id: string;
  readonly ownerId: string;
  readonly modelId: string;
  /** Not before this time is an item worth trying. */
  notBeforeMs = 0;
  readonly #work: BatchWork;
  readonly #maxAnswerBytes: number;
  readonly #requests: string[];
  readonly #entries: (string | undefined)[];
  /** Items that have to be done again, before those that were not begun. */
  readonly #again: number[] = [];
  readonly #numAttempts = new Map<number, number>();
  #numRequestBytes: number;
  #numAnswerBytes: number;
  #nextIndex = 0;
  #numDone = 0;
  #isDropped = false;
  #usage: BatchUsage = { numPromptTokens: 0, numGeneratedTokens: 0 };

  /** @param maxAnswerBytes items that are not begun by the time that its entries take so much fail */
  constructor({ id, ownerId, modelId, requests, work }: NewBatchJob, maxAnswerBytes: number) {
    this.id = id;
    this.ownerId = ownerId;
    this.modelId = modelId;
    this.#work = work;
    this.#maxAnswerBytes = maxAnswerBytes;
    this.#requests = requests.map(packText);
    this.#entries = new Array<string | undefined>(requests.length).fill(undefined);
    this.#numRequestBytes = this.#requests.reduce((sum, request) => sum + packedBytes(request), 0);
    this.#numAnswerBytes = JOB_BYTES + heldBytes([id, ownerId, modelId]) + ITEM_BYTES * requests.length;
  }

  get numItems(): number {
    return this.#entries.length;
  }

  /** What the requests of items that have not ended take in memory. */
  get numRequestBytes(): number {
    return this.#numRequestBytes;
  }

  /** What it takes in memory, its requests left out. */
  get numAnswerBytes(): number {
    return this.#numAnswerBytes;
  }

  get status(): 'queued' | 'running' | 'done' {
    if (this.#numDone === this.numItems) return 'done';
    return this.#nextIndex === 0 ? 'queued' : 'running';
  }

  get hasOpenItems(): boolean {
    return !this.#isDropped && (this.#again.length > 0 || this.#nextIndex < this.numItems);
  }

  /** It gave way to others, or is too old. */
  get isDropped(): boolean {
    return this.#isDropped;
  }

  /**
   * All of them once it is done.
   *
   * @throws EngineError `gone` if it is dropped meanwhile
   */
  *entries(): Generator<string> {
    for (const entry of this.#entries) {
      if (this.#isDropped)
        throw new EngineError('gone', `the answers of batch job ${this.id} are kept no longer`);
      if (entry !== undefined) yield unpackText(entry);
    }
  }

  get usage(): BatchUsage {
    return this.#usage;
  }

  /** The next item, which is no longer open. */
  takeItem(): number | undefined {
    const again = this.#again.shift();
    if (again !== undefined) return again;
    return this.#nextIndex < this.numItems ? this.#nextIndex++ : undefined;
  }

  /** @throws EngineError as `BatchWork.run`; `payload_too_large` if the answers of the others take all that a job may */
  async run(index: number, onSubmitted: () => void): Promise<ItemAnswer> {
    if (this.#numAnswerBytes >= this.#maxAnswerBytes) {
      throw new EngineError(
        'payload_too_large',
        `the answers of this job take ${this.#numAnswerBytes} bytes already, and at most ${this.#maxAnswerBytes} are ` +
          'kept; send the request in another job',
      );
    }
    return this.#work.run(index, this.#requestAt(index), onSubmitted);
  }

  finishItem(index: number, { entry, usage }: ItemAnswer): ItemEnd {
    this.#usage = {
      numPromptTokens: this.#usage.numPromptTokens + usage.numPromptTokens,
      numGeneratedTokens: this.#usage.numGeneratedTokens + usage.numGeneratedTokens,
    };
    return this.#end(index, entry);
  }

  /**
   * An item was not done. What the service could not take now stays open for as long as that takes; what the engine
   * failed at is tried once more; any other fault is the item's own.
   */
  failItem(index: number, error: EngineError, isLater: boolean): ItemEnd {
    const numAttempts = (this.#numAttempts.get(index) ?? 0) + (isLater ? 0 : 1);
    this.#numAttempts.set(index, numAttempts);
    const mayTryAgain = error.code === 'backend_failure' && error.retryable && numAttempts < MAX_ATTEMPTS;
    if (isLater || mayTryAgain) {
      this.#again.push(index);
      return NO_END;
    }
    return this.#end(index, this.#work.toFailure(index, this.#requestAt(index), error));
  }

  /** Lets go of what it holds; nothing more is done of it. */
  drop(): void {
    this.#isDropped = true;
    this.#requests.length = 0;
    this.#entries.fill(undefined);
  }

  #requestAt(index: number): string {
    return unpackText(this.#requests[index] ?? '');
  }

  #end(index: number, entry: string): ItemEnd {
    if (this.#isDropped) return NO_END;
    this.#numAttempts.delete(index);
    const packed = packText(entry);
    const numAnswerBytes = packedBytes(packed);
    const numRequestBytes = packedBytes(this.#requests[index] ?? '');
    this.#entries[index] = packed;
    this.#requests[index] = '';
    this.#numDone++;
    this.#numAnswerBytes += numAnswerBytes;
    this.#numRequestBytes -= numRequestBytes;
    return { numAnswerBytes, numRequestBytes };
  }
}
