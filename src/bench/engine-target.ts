import { randomUUID } from 'node:crypto';
import type { Engine } from '../engine/engine.ts';
import { PLAIN_PARAMS } from '../engine/generation-params.ts';
import { DEFAULT_SAMPLING_PARAMS } from '../sampling/sampling-params.ts';
import { checkNumTokens } from './benchmark-target.ts';
import type { BenchmarkRequest, BenchmarkTarget } from './benchmark-target.ts';

/** The engine in this process, as a route would use it, without HTTP. */
export class EngineTarget implements BenchmarkTarget {
  readonly mode = 'engine';
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  async generate(
    request: BenchmarkRequest,
    onTokens: (numTokens: number) => void,
    signal: AbortSignal,
  ): Promise<void> {
    signal.throwIfAborted();
    const completion = this.#submit(request);
    const cancel = (): void => completion.cancel('disconnect');
    signal.addEventListener('abort', cancel);
    let numTokens = 0;
    try {
      for await (const event of completion) {
        if (event.type !== 'delta' || event.tokens.length === 0) continue;
        numTokens += event.tokens.length;
        onTokens(event.tokens.length);
      }
    } finally {
      signal.removeEventListener('abort', cancel);
    }
    signal.throwIfAborted();
    checkNumTokens(request, numTokens);
  }

  #submit({ prompts, maxTokens, cacheSalt }: BenchmarkRequest) {
    const id = `bench-${randomUUID()}`;
    const reservation = this.#engine.reserve(prompts.length);
    try {
      return this.#engine.submit(
        {
          ...PLAIN_PARAMS,
          id,
          prompts,
          maxTokens,
          ignoreEos: true,
          sampling: { ...DEFAULT_SAMPLING_PARAMS, temperature: 0 },
          // A benchmark that is run again has the same prompts.
          cacheSalt: cacheSalt ?? id,
          ownerId: '',
          timeoutMs: undefined,
        },
        reservation,
      );
    } catch (error) {
      reservation.release();
      throw error;
    }
  }
}
