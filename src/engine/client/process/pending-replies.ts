import { abortError, type EngineError } from '../../../errors.ts';

interface Pending<Value> {
  resolve(value: Value): void;
  reject(error: EngineError): void;
}

/** Questions to the engine process that have no answer yet, by number. */
export class PendingReplies<Value> {
  readonly #pending = new Map<number, Pending<Value>>();
  #numAsked = 0;

  get size(): number {
    return this.#pending.size;
  }

  /** Asks by a number of its own, and settles when the answer comes or the process that owes it has ended. */
  ask(send: (id: number) => void): Promise<Value> {
    const id = this.#numAsked++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      send(id);
    });
  }

  /**
   * Asks, and waits until a signal is aborted: then it rejects with the signal's reason.
   * @param onAborted told when that came before the answer
   */
  askUntil(signal: AbortSignal, send: (id: number) => void, onAborted: (id: number) => void): Promise<Value> {
    return this.ask((id) => {
      send(id);
      const onAbort = (): void => {
        if (this.fail(id, abortError(signal))) onAborted(id);
      };
      if (signal.aborted) queueMicrotask(onAbort);
      else signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  answer(id: number, value: Value): void {
    this.#take(id)?.resolve(value);
  }

  /** False when it was answered already. */
  fail(id: number, error: EngineError): boolean {
    const pending = this.#take(id);
    pending?.reject(error);
    return pending !== undefined;
  }

  failAll(error: EngineError): void {
    for (const id of [...this.#pending.keys()]) this.fail(id, error);
  }

  #take(id: number): Pending<Value> | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }
}
