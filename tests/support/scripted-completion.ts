import { setTimeout as sleep } from 'node:timers/promises';
import type {
  CancelCause,
  Completion,
  CompletionEvent,
  CompletionRequest,
  FinishReason,
  QueuePosition,
  RequestRecord,
  SampledToken,
} from '../../src/engine/engine.ts';
import { ReasoningMeter } from '../../src/engine/reasoning-meter.ts';
import { EngineError } from '../../src/errors.ts';
import { IncrementalDetokenizer } from '../../src/tokenizer/incremental-detokenizer.ts';
import { shownBytes } from '../../src/tokenizer/token-bytes.ts';
import type { Tokenizer } from '../../src/tokenizer/tokenizer.ts';

/** What the engine does with each request until it is told otherwise. */
export interface Script {
  /** Its tokens are the completion, then end-of-text. */
  text: string;
  /** Tokens of each delta. */
  tokensPerDelta: number;
  tokenDelayMs: number;
  /** Throws after so many tokens. */
  failAfter: number | undefined;
  failure: EngineError;
  /** Yields nothing more after so many tokens, until it is cancelled. */
  stallAfter: number | undefined;
  /** The logprob of a token behind a prompt, where it is asked for. */
  scoreOf: (tokenId: number, promptTokenIds: readonly number[]) => number;
  /** The stop string that its finish names. */
  stopString: string | undefined;
  /** Where a format ends it before its tokens are used up. */
  finishReason: FinishReason | undefined;
  /** Where its requests stand in the queue, as long as they do. */
  queuePosition: QueuePosition | undefined;
}

export const DEFAULT_SCRIPT: Script = {
  text: ' runs past the old mill and down to the sea',
  tokensPerDelta: 1,
  tokenDelayMs: 0,
  failAfter: undefined,
  failure: new EngineError('backend_failure', 'a kernel failed in step 7'),
  stallAfter: undefined,
  scoreOf: (tokenId) => -1 - (tokenId % 7),
  stopString: undefined,
  finishReason: undefined,
  queuePosition: undefined,
};

/** A completion that says its script. */
export class ScriptedCompletion implements Completion {
  readonly id: string;
  isOver = false;
  readonly #request: CompletionRequest;
  readonly #script: Script;
  readonly #tokenizer: Tokenizer;
  readonly #onOver: () => void;
  readonly #abort = new AbortController();
  readonly #finishReasons: FinishReason[] = [];
  #cause: CancelCause | undefined;
  #errorCode: EngineError['code'] | undefined;
  #numTokens = 0;

  constructor(request: CompletionRequest, script: Script, tokenizer: Tokenizer, onOver: () => void) {
    this.id = request.id;
    this.#request = request;
    this.#script = script;
    this.#tokenizer = tokenizer;
    this.#onOver = onOver;
  }

  async startedWithin(ms: number): Promise<boolean> {
    if (this.#script.queuePosition === undefined) return true;
    await sleep(Math.max(ms, 0));
    return false;
  }

  cancel(cause: CancelCause): void {
    if (this.isOver || this.#cause !== undefined) return;
    this.#cause = cause;
    this.#abort.abort();
    const numOpen = this.#request.prompts.length * this.#request.n - this.#finishReasons.length;
    this.#finishReasons.push(...new Array<FinishReason>(numOpen).fill('abort'));
    this.#end();
  }

  #end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#onOver();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<CompletionEvent> {
    const { prompts, n, promptLogprobs } = this.#request;
    if (promptLogprobs) {
      for (const [promptIndex, prompt] of prompts.entries()) {
        const tokens = prompt.map((tokenId, i) => (i === 0 ? { tokenId } : this.#toOutput(tokenId)));
        yield { type: 'prompt', promptIndex, tokens };
      }
    }
    const indices = Array.from({ length: prompts.length * n }, (_, index) => index);
    yield* this.#deltas(indices);
    if (this.#cause === 'timeout')
      throw new EngineError('request_timeout', 'too late', { param: 'timeout_ms' });
    const aborted = this.#cause !== undefined;
    const finishReason = aborted
      ? 'abort'
      : (this.#script.finishReason ?? (this.#request.maxTokens > this.#tokenIds.length ? 'stop' : 'length'));
    if (!aborted) this.#finishReasons.push(...indices.map(() => finishReason));
    const { stopString } = this.#script;
    const stop = stopString === undefined ? {} : { stopString };
    for (const index of indices)
      yield { type: 'finish', index, finishReason, ...stop, ...this.#scores(index) };
    this.#end();
  }

  #scores(index: number): { scores?: readonly number[] } {
    const { scoredTokenIds, prefixTokenIds = [], prompts, n } = this.#request;
    const prompt = [...prefixTokenIds, ...(prompts[Math.floor(index / n)] ?? [])];
    if (scoredTokenIds === undefined || this.#cause !== undefined) return {};
    return { scores: scoredTokenIds.map((tokenId) => this.#script.scoreOf(tokenId, prompt)) };
  }

  /** The choices take turns, as in a batch. Characters come whole, as the engine hands them on. */
  async *#deltas(indices: readonly number[]): AsyncGenerator<CompletionEvent> {
    const { failAfter, failure, stallAfter, tokenDelayMs, tokensPerDelta } = this.#script;
    const detokenizer = new IncrementalDetokenizer(this.#tokenizer, { skipSpecialTokens: false });
    const tokenIds = this.#tokenIds.slice(0, this.#request.maxTokens);
    let pending: number[] = [];
    for (const [position, tokenId] of tokenIds.entries()) {
      if (position === failAfter) {
        this.#errorCode = failure.code;
        this.#end();
        throw failure;
      }
      if (position === stallAfter) await this.#rest(3_600_000);
      else await this.#rest(tokenDelayMs);
      if (this.#abort.signal.aborted) return;
      pending.push(tokenId);
      if (pending.length < tokensPerDelta && position + 1 < tokenIds.length) continue;
      const text = detokenizer.push(pending);
      const tokens = pending.map((id) => this.#toOutput(id));
      this.#numTokens += indices.length * pending.length;
      pending = [];
      for (const index of indices) yield { type: 'delta', index, text, tokens };
    }
    const text = detokenizer.flush();
    if (text !== '') for (const index of indices) yield { type: 'delta', index, text, tokens: [] };
  }

  get #tokenIds(): number[] {
    return this.#tokenizer.encode(this.#script.text);
  }

  /** Of all choices, which say the same. */
  get #numReasoningTokens(): number {
    const { reasoningSpan, shownTokenIds, prompts, n } = this.#request;
    if (reasoningSpan === undefined) return 0;
    const meter = new ReasoningMeter(reasoningSpan);
    const bytesOf = shownBytes(this.#tokenizer, { shownTokenIds });
    const numChoices = prompts.length * n;
    for (const tokenId of this.#tokenIds.slice(0, this.#numTokens / numChoices)) meter.push(bytesOf(tokenId));
    return numChoices * meter.numTokens;
  }

  async #rest(ms: number): Promise<void> {
    if (ms === 0) return;
    await sleep(ms, undefined, { signal: this.#abort.signal }).catch(() => undefined);
  }

  #toOutput(tokenId: number): SampledToken {
    const { numLogprobs } = this.#request;
    if (numLogprobs === undefined) return { tokenId };
    const topLogprobs = Array.from({ length: numLogprobs }, (_, i) => ({
      tokenId: 300 + i,
      logprob: -1 - i,
    }));
    return { tokenId, logprob: -0.5, topLogprobs };
  }

  get #status(): RequestRecord['status'] {
    if (this.#cause !== undefined) return 'cancelled';
    if (this.#errorCode !== undefined) return 'failed';
    if (this.isOver) return 'finished';
    return this.#script.queuePosition === undefined ? 'running' : 'queued';
  }

  record(): RequestRecord {
    const { queuePosition } = this.#script;
    return {
      id: this.id,
      ownerId: this.#request.ownerId,
      status: this.#status,
      ...(this.#status === 'queued' && queuePosition !== undefined ? { queuePosition } : {}),
      ...(this.#cause === undefined ? {} : { cancelCause: this.#cause }),
      ...(this.#errorCode === undefined ? {} : { errorCode: this.#errorCode }),
      finishReasons: [...this.#finishReasons],
      usage: {
        numPromptTokens: this.#request.prompts.reduce(
          (sum, prompt) => sum + (this.#request.prefixTokenIds?.length ?? 0) + prompt.length,
          0,
        ),
        numGeneratedTokens: this.#numTokens,
        numReasoningTokens: this.#numReasoningTokens,
        numCachedTokens: 0,
      },
      n: this.#request.n,
      maxTokens: this.#request.maxTokens,
      mostGeneratedTokens: 0,
      timings: { queueMs: 1, ...(this.#numTokens > 0 ? { ttftMs: 2 } : {}), tpotMs: 0.5, totalMs: 10 },
      numWastedTokens: 0,
    };
  }
}
