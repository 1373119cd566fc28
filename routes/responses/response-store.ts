import { BoundedStore } from '../../src/bounded-store.ts';
import { heldBytes, packedBytes, packText, unpackText } from '../../src/held-bytes.ts';
import { fromBodyId } from '../../src/http/middleware/request-id.ts';
import type { ResponseBody } from './schemas/response-body.ts';
import { positionOfItem } from './schemas/stored-items.ts';
import { hasId, toTurn, type Turn } from './schemas/turn.ts';

/** How much is kept, of all owners together, and for how long. */
export interface ResponseStoreLimits {
  maxBytes: number;
  /** After the last use. */
  keptMs: number;
}

const DEFAULT_LIMITS: ResponseStoreLimits = { maxBytes: 64 * 2 ** 20, keptMs: 60 * 60_000 };

/** A response that is still being made. */
export interface RunningResponse {
  /** The response as it stands. */
  snapshot(): ResponseBody;
  cancel(): void;
}

export interface StoredResponse {
  readonly status: ResponseBody['status'];
  /** JSON of what is not its output, by `packText`. */
  readonly rest: string;
  /** The request's own input, after the turns before it. */
  readonly input: Turn;
  /** What the output adds to it. */
  readonly output: Turn;
}

/**
 * The responses that requests asked to be kept, in memory (docs/decisions/0059-responses-are-kept-in-memory.md). Each
 * belongs to an owner, and no other sees it. Each turn is counted once, however many responses follow it, and is kept as
 * long as one does.
 */
export class ResponseStore {
  readonly #responses: BoundedStore<StoredResponse>;
  /** How many responses, and turns that follow it, hold on to a turn. */
  readonly #numHolders = new Map<Turn, number>();
  readonly #running = new Map<string, RunningResponse>();

  constructor(limits: ResponseStoreLimits = DEFAULT_LIMITS, now: () => number = () => performance.now()) {
    this.#responses = new BoundedStore({
      ...limits,
      now,
      onRemove: ({ output }, ownerId) => this.#responses.charge(ownerId, -this.#letGo(output)),
    });
  }

  /** What all of them count as. */
  get numBytes(): number {
    return this.#responses.numBytes;
  }

  /** Knows a response while it is made. Returns what ends that. */
  run(ownerId: string, requestId: string, running: RunningResponse): () => void {
    const key = keyOf(ownerId, requestId);
    this.#running.set(key, running);
    return () => {
      if (this.#running.get(key) === running) this.#running.delete(key);
    };
  }

  running(ownerId: string, responseId: string): RunningResponse | undefined {
    return this.#running.get(keyOf(ownerId, fromBodyId(responseId)));
  }

  /** Keeps a response. One that its owner has under the same id, by an `x-request-id` of its own, is replaced. */
  keep(ownerId: string, requestId: string, { output, ...rest }: ResponseBody, input: Turn): void {
    // Its turns are let go of before those of the new one are counted.
    this.#responses.delete(ownerId, requestId);
    const response: StoredResponse = {
      status: rest.status,
      rest: packText(JSON.stringify(rest)),
      input,
      output: toTurn(input, output),
    };
    const fields = { status: null, rest: null, input: null, output: null };
    const numBytes = heldBytes(fields) + packedBytes(response.rest);
    this.#responses.add(ownerId, requestId, response, numBytes, this.#hold(response.output));
  }

  /** An owner's response. Asking for it counts as a use. */
  find(ownerId: string, responseId: string): StoredResponse | undefined {
    return this.#responses.use(ownerId, fromBodyId(responseId));
  }

  /** The JSON of an item of one of an owner's responses, of its input or its output, by `packText`. */
  findItem(ownerId: string, itemId: string): string | undefined {
    const position = positionOfItem(itemId);
    const response = position && this.find(ownerId, position.requestId);
    if (position === undefined || response === undefined) return undefined;
    const text = response[position.of].items[position.index];
    // An item that came with an id of its client's own has not that of its position.
    return text !== undefined && hasId(text, itemId) ? text : undefined;
  }

  /** False where there was none. The conversations that go on from it stay whole. */
  delete(ownerId: string, responseId: string): boolean {
    return this.#responses.delete(ownerId, fromBodyId(responseId));
  }

  /** Lets go of half of what it keeps, of the addresses and keys that have most. */
  release(): void {
    this.#responses.shrinkTo(this.#responses.numBytes / 2);
  }

  /** @returns bytes of the turns that nothing else holds */
  #hold(output: Turn): number {
    let numBytes = 0;
    for (let turn: Turn | undefined = output; turn !== undefined; turn = turn.before) {
      const numHolders = this.#numHolders.get(turn) ?? 0;
      this.#numHolders.set(turn, numHolders + 1);
      if (numHolders > 0) break;
      numBytes += turn.numBytes;
    }
    return numBytes;
  }

  /** @returns bytes of the turns that nothing holds any more */
  #letGo(output: Turn): number {
    let numBytes = 0;
    for (let turn: Turn | undefined = output; turn !== undefined; turn = turn.before) {
      const numHolders = (this.#numHolders.get(turn) ?? 0) - 1;
      if (numHolders > 0) {
        this.#numHolders.set(turn, numHolders);
        break;
      }
      this.#numHolders.delete(turn);
      numBytes += turn.numBytes;
    }
    return numBytes;
  }
}

/** The JSON of a stored response, as its client got it. */
export const responseJson = ({ rest, output }: StoredResponse): string =>
  unpackText(`${rest.slice(0, -1)},"output":[${output.items.join(',')}]}`);

/** An id has no space in it. */
const keyOf = (ownerId: string, requestId: string): string => `${requestId} ${ownerId}`;
