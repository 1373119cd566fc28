import { setTimeout as sleep } from 'node:timers/promises';
import type {
  CancelCause,
  Completion,
  CompletionEvent,
  CompletionRequest,
  EngineObserver,
  EngineState,
  EngineStats,
  FinishReason,
  ManagedEngine,
  ModelInfo,
  QueuePlace,
  RequestRecord,
  Reservation,
  SampledToken,
} from '../../src/engine/engine.ts';
import { ReasoningMeter } from '../../src/engine/reasoning-meter.ts';
import { EngineError } from '../../src/errors.ts';
import type { AttentionWeights } from '../../src/model/inspect-attention.ts';
import { loadTokenizer } from '../../src/text/load-tokenizer.ts';
import { ServedTokenizer, type ServedTokenizerOptions } from '../../src/text/served-tokenizer.ts';
import { IncrementalDetokenizer } from '../../src/tokenizer/incremental-detokenizer.ts';
import { shownBytes } from '../../src/tokenizer/shown-bytes.ts';
import type { Tokenizer } from '../../src/tokenizer/tokenizer.ts';
import { fixturePath } from './fixtures.ts';

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
  /** Where its requests stand in the queue, as long as they do. */
  queuePlace: QueuePlace | undefined;
}

const DEFAULT_SCRIPT: Script = {
  text: ' runs past the old mill and down to the sea',
  tokensPerDelta: 1,
  tokenDelayMs: 0,
  failAfter: undefined,
  failure: new EngineError('backend_failure', 'a kernel failed in step 7'),
  stallAfter: undefined,
  scoreOf: (tokenId) => -1 - (tokenId % 7),
  queuePlace: undefined,
};

export interface Tokenizers {
  served: ServedTokenizer;
  own: Tokenizer;
}

export async function loadTokenizers(
  modelPath: string,
  limits: ServedTokenizerOptions = {},
): Promise<Tokenizers> {
  const served = await ServedTokenizer.load(modelPath, undefined, limits);
  return { served, own: await loadTokenizer(modelPath) };
}

/** What it says of a model that it does not have. */
export const SCRIPTED_MODEL: ModelInfo = {
  id: '@test/tiny-gpt2',
  architecture: 'gpt2',
  vocabSize: 384,
  dim: 8,
  numLayers: 2,
  numHeads: 1,
  eosTokenIds: [0],
  contextLength: 128,
  numParameters: 42_000,
  weightBytes: 168_000,
  weightFormat: 'safetensors F32',
  weightMemoryBytes: 168_000,
  runtime: 'cpu',
  runtimeDescription: 'scripted',
  device: 'none',
  numThreads: 1,
  numLanes: 4,
  kvCacheTokens: 512,
  kvCacheBytes: 262_144,
  memoryBytes: 160_000_000,
  memoryLimitBytes: 8e9,
  createdAt: 1_700_000_000,
};

/** An engine without a model: it says its script, counts what it is asked, and refuses what the real one refuses. */
export class ScriptedEngine implements ManagedEngine {
  state: EngineState = 'ready';
  script: Script = { ...DEFAULT_SCRIPT };
  /** Places in the queue; `reserve` refuses beyond them. */
  numFreePlaces = 1000;
  readonly requests: CompletionRequest[] = [];
  /** As the service has it, with its process. */
  readonly tokenizer: ServedTokenizer;
  /** The same in this process, for what tests expect. */
  readonly ownTokenizer: Tokenizer;
  readonly model: ModelInfo;
  readonly #completions = new Map<string, ScriptedCompletion>();
  readonly #observers: EngineObserver[] = [];

  constructor({ served, own }: Tokenizers, model: Partial<ModelInfo> = {}) {
    this.model = { ...SCRIPTED_MODEL, ...model };
    this.tokenizer = served;
    this.ownTokenizer = own;
  }

  /** @param modelPath whose tokenizer it has */
  static async create(
    modelPath = fixturePath('tiny-gpt2'),
    limits: ServedTokenizerOptions = {},
    model: Partial<ModelInfo> = {},
  ): Promise<ScriptedEngine> {
    return new ScriptedEngine(await loadTokenizers(modelPath, limits), model);
  }

  reset(script: Partial<Script> = {}): void {
    this.state = 'ready';
    this.script = { ...DEFAULT_SCRIPT, ...script };
    this.numFreePlaces = 1000;
    this.requests.length = 0;
  }

  checkRoom(): void {
    this.#checkRoom(1);
  }

  #checkRoom(numSequences: number): void {
    if (this.state !== 'ready') {
      throw new EngineError('engine_not_ready', `the engine is ${this.state}`, { retryAfterMs: 1500 });
    }
    if (numSequences > this.numFreePlaces) {
      throw new EngineError('queue_full', 'the queue is full', { retryAfterMs: 2500 });
    }
  }

  reserve(numSequences: number, clientId = ''): Reservation {
    this.#checkRoom(numSequences);
    this.numFreePlaces -= numSequences;
    let held = true;
    let numHeld = numSequences;
    return {
      clientId,
      get numSequences() {
        return numHeld;
      },
      reservedAtMs: 0,
      takeTokens: () => undefined,
      shrinkTo: (numLeft) => {
        this.numFreePlaces += numHeld - numLeft;
        numHeld = numLeft;
      },
      release: () => {
        if (held) this.numFreePlaces += numHeld;
        held = false;
      },
      takeOver: () => (held = false),
    };
  }

  submit(request: CompletionRequest, reservation: Reservation): Completion {
    const { prompts, prefixTokenIds = [] } = request;
    const numPromptTokens = prefixTokenIds.length + Math.max(...prompts.map((prompt) => prompt.length));
    if (numPromptTokens + request.maxTokens > this.model.contextLength) {
      throw new EngineError(
        'context_length_exceeded',
        `${numPromptTokens} tokens and max_tokens ${request.maxTokens} exceed ${this.model.contextLength}`,
        { param: 'max_tokens' },
      );
    }
    const { numSequences } = reservation;
    reservation.takeOver();
    this.requests.push(request);
    const completion = new ScriptedCompletion(request, this.script, this.ownTokenizer, () => {
      this.numFreePlaces += numSequences;
      for (const observer of this.#observers) observer.onFinished?.(completion.record());
    });
    this.#completions.set(request.id, completion);
    return completion;
  }

  /** Every token looks at itself and all before it alike. */
  inspectAttention(tokenIds: readonly number[], layers: readonly number[]): Promise<AttentionWeights> {
    const weights = tokenIds.map((_, row) =>
      tokenIds.map((__, column) => (column <= row ? 1 / (row + 1) : 0)),
    );
    return Promise.resolve(layers.map(() => [weights]));
  }

  /** One in the place of the first token, of 8. */
  embed(tokenIds: readonly number[]): Promise<Float32Array> {
    const embedding = new Float32Array(8); // [dim]
    embedding[(tokenIds[0] ?? 0) % 8] = 1;
    return Promise.resolve(embedding);
  }

  find(requestId: string, ownerId?: string): RequestRecord | undefined {
    const record = this.#completions.get(requestId)?.record();
    return ownerId === undefined || record?.ownerId === ownerId ? record : undefined;
  }

  cancel(requestId: string, cause: CancelCause, ownerId?: string): boolean {
    const completion = this.#completions.get(requestId);
    if (completion === undefined || completion.isOver) return false;
    if (ownerId !== undefined && completion.record().ownerId !== ownerId) return false;
    completion.cancel(cause);
    return true;
  }

  stats(): EngineStats {
    const running = [...this.#completions.values()].filter((completion) => !completion.isOver).length;
    return {
      numSequencesRunning: running,
      numSequencesWaiting: 0,
      numTokensWaiting: 0,
      numLanes: 4,
      numLanesUsed: running,
      kvCacheTokens: 512,
      kvCacheTokensUsed: 128,
      numTensors: 7,
      runtimeBytes: 1024,
      engineResidentBytes: 4096,
      numSteps: 3,
      numRows: 30,
      numPaddedRows: 2,
      numScores: 100,
      numRectangularScores: 200,
      numComputedPromptTokens: 20,
      numPreemptions: 2,
      numRecomputedTokens: 9,
      numPrefixCacheQueries: 32,
      numPrefixCacheHits: 12,
      numDraftTokens: 6,
      numAcceptedDraftTokens: 4,
      modelMs: 50,
      formatMs: 0.5,
      numGeneratedTokens: 10,
      numWastedTokens: 1,
      numRestarts: 0,
    };
  }

  ping(): void {
    // It lives as long as its test.
  }

  observe(observer: EngineObserver): void {
    this.#observers.push(observer);
  }

  start(): Promise<void> {
    this.state = 'ready';
    return Promise.resolve();
  }

  drain(): Promise<void> {
    return this.stop();
  }

  stop(): Promise<void> {
    this.state = 'stopped';
    return Promise.resolve();
  }
}

class ScriptedCompletion implements Completion {
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
      : this.#request.maxTokens > this.#tokenIds.length
        ? 'stop'
        : 'length';
    if (!aborted) this.#finishReasons.push(...indices.map(() => finishReason as FinishReason));
    for (const index of indices) yield { type: 'finish', index, finishReason, ...this.#scores(index) };
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
    return this.#script.queuePlace === undefined ? 'running' : 'queued';
  }

  record(): RequestRecord {
    const { queuePlace } = this.#script;
    return {
      id: this.id,
      ownerId: this.#request.ownerId,
      status: this.#status,
      ...(this.#status === 'queued' && queuePlace !== undefined ? { queuePlace } : {}),
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
      timings: { queueMs: 1, ttftMs: 2, tpotMs: 0.5, totalMs: 10 },
      numWastedTokens: 0,
    };
  }
}
