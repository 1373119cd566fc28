import { EngineError } from '../../../errors.ts';
import type { CompiledGrammar } from '../../../text/grammar-compiler.ts';
import { FairPlaces } from '../../../fairness/fair-places.ts';

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
  readonly #bytes = new FairPlaces();
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
