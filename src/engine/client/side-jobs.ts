import { type EngineError, abortError } from '../../errors.ts';
import type { AttentionWeights } from '../../model/inspect-attention.ts';
import type { EmbedOptions } from '../engine.ts';
import type { ServingMessage } from './process/engine-supervisor.ts';
import type { ToWorker } from '../protocol.ts';

interface Pending<Value> {
  resolve(value: Value): void;
  reject(error: EngineError): void;
}

/** Questions to the engine process that have no answer yet, by number. */
class PendingReplies<Value> {
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

export interface SideJobsHost {
  send(message: ToWorker): void;
  /** A job has its answer, or its client has left. */
  onDone(): void;
}

/** What the engine process is asked beside completions: one question, one answer. */
export class SideJobs {
  readonly #host: SideJobsHost;
  readonly #inspections = new PendingReplies<AttentionWeights>();
  readonly #embeddings = new PendingReplies<Float32Array>();

  constructor(host: SideJobsHost) {
    this.#host = host;
  }

  /** Jobs that have no answer yet. */
  get size(): number {
    return this.#inspections.size + this.#embeddings.size;
  }

  get counts(): { numEmbeddings: number; numInspections: number } {
    return { numEmbeddings: this.#embeddings.size, numInspections: this.#inspections.size };
  }

  inspectAttention(
    question: { tokenIds: readonly number[]; layers: readonly number[]; clientId: string },
    signal: AbortSignal,
  ): Promise<AttentionWeights> {
    return this.#inspections.askUntil(
      signal,
      (id) => this.#host.send({ type: 'inspect', id, ...question }),
      (id) => this.#drop({ type: 'cancelInspection', id }),
    );
  }

  embed(
    tokenIds: readonly number[],
    signal: AbortSignal,
    { clientId = '', pooling = 'mean' }: EmbedOptions = {},
  ): Promise<Float32Array> {
    return this.#embeddings.askUntil(
      signal,
      (id) => this.#host.send({ type: 'embed', id, clientId, tokenIds, pooling }),
      (id) => this.#drop({ type: 'cancelEmbedding', id }),
    );
  }

  #drop(message: ToWorker): void {
    this.#host.send(message);
    this.#host.onDone();
  }

  receive(message: ServingMessage): void {
    if (message.type === 'inspected') this.#inspections.answer(message.id, message.weights);
    else if (message.type === 'embedded')
      for (const { id, embedding } of message.finished) this.#embeddings.answer(id, embedding);
    else return;
    this.#host.onDone();
  }

  /** The engine process could not do this job, and goes on with the others. */
  fail(kind: 'embedding' | 'inspection', id: number, error: EngineError): void {
    if (kind === 'embedding') this.#embeddings.fail(id, error);
    else this.#inspections.fail(id, error);
    this.#host.onDone();
  }

  failAll(error: EngineError): void {
    this.#inspections.failAll(error);
    this.#embeddings.failAll(error);
  }
}
