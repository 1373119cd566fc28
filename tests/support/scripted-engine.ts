import type {
  CancelCause,
  Completion,
  CompletionRequest,
  EngineObserver,
  EngineState,
  EngineStats,
  ManagedEngine,
  ModelInfo,
  RequestRecord,
  Reservation,
} from '../../src/engine/engine.ts';
import { checkCompletion } from '../../src/engine/check-input.ts';
import { ownedId } from '../../src/fairness/client-id.ts';
import { EngineError } from '../../src/errors.ts';
import type { AttentionWeights } from '../../src/model/inspect-attention.ts';
import { loadTokenizer } from '../../src/text/load-tokenizer.ts';
import { ServedTokenizer, type ServedTokenizerOptions } from '../../src/text/served-tokenizer.ts';
import type { Tokenizer } from '../../src/tokenizer/tokenizer.ts';
import { fixturePath } from './fixtures.ts';
import { DEFAULT_SCRIPT, ScriptedCompletion, type Script } from './scripted-completion.ts';

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
  filesDigest: '0',
  weightMemoryBytes: 168_000,
  runtime: 'cpu',
  runtimeDescription: 'scripted',
  device: 'none',
  numThreads: 1,
  maxNumSeqs: 4,
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
  /** Slots in the queue; `reserve` refuses beyond them. */
  numFreeSlots = 1000;
  readonly requests: CompletionRequest[] = [];
  /** Whose slot was reserved last. */
  lastClientId = '';
  /** As the service has it, with its process. */
  readonly tokenizer: ServedTokenizer;
  /** The model's tokenizer in this process, for what tests expect. */
  readonly ownTokenizer: Tokenizer;
  readonly model: ModelInfo;
  readonly #completions = new Map<string, ScriptedCompletion>();
  readonly #observers: EngineObserver[] = [];

  constructor({ served, own }: Tokenizers, model: Partial<ModelInfo> = {}) {
    // As any model, it embeds all tokens of its tokenizer.
    const vocabSize = Math.max(SCRIPTED_MODEL.vocabSize, own.vocabSize);
    this.model = { ...SCRIPTED_MODEL, vocabSize, ...model };
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
    this.numFreeSlots = 1000;
    this.requests.length = 0;
  }

  checkRoom(): void {
    this.#checkRoom(1);
  }

  #checkRoom(numSequences: number): void {
    if (this.state !== 'ready') {
      throw new EngineError('engine_not_ready', `the engine is ${this.state}`, { retryAfterMs: 1500 });
    }
    if (numSequences > this.numFreeSlots) {
      throw new EngineError('queue_full', 'the queue is full', { retryAfterMs: 2500 });
    }
  }

  reserve(numSequences: number, clientId = ''): Reservation {
    this.#checkRoom(numSequences);
    this.lastClientId = clientId;
    this.numFreeSlots -= numSequences;
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
        this.numFreeSlots += numHeld - numLeft;
        numHeld = numLeft;
      },
      release: () => {
        if (held) this.numFreeSlots += numHeld;
        held = false;
      },
      takeOver: () => (held = false),
    };
  }

  submit(request: CompletionRequest, reservation: Reservation): Completion {
    checkCompletion(request, this.model);
    const { numSequences } = reservation;
    reservation.takeOver();
    this.requests.push(request);
    const completion = new ScriptedCompletion(request, this.script, this.ownTokenizer, () => {
      this.numFreeSlots += numSequences;
      for (const observer of this.#observers) observer.onFinished?.(completion.record());
    });
    this.#completions.set(ownedId(request.id, request.ownerId), completion);
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

  unfinished(most: number, ownerId?: string): RequestRecord[] {
    return [...this.#completions.values()]
      .map((completion) => completion.record())
      .filter(({ status }) => status === 'queued' || status === 'running')
      .filter((record) => ownerId === undefined || record.ownerId === ownerId)
      .slice(0, most);
  }

  find(requestId: string, ownerId?: string): RequestRecord | undefined {
    return this.#completionOf(requestId, ownerId)?.record();
  }

  cancel(requestId: string, cause: CancelCause, ownerId?: string): boolean {
    const completion = this.#completionOf(requestId, ownerId);
    if (completion === undefined || completion.isOver) return false;
    completion.cancel(cause);
    return true;
  }

  /** Without an owner: the one that came last of all owners'. */
  #completionOf(requestId: string, ownerId: string | undefined): ScriptedCompletion | undefined {
    if (ownerId !== undefined) return this.#completions.get(ownedId(requestId, ownerId));
    return [...this.#completions.values()].findLast(({ id }) => id === requestId);
  }

  stats(): EngineStats {
    const running = [...this.#completions.values()].filter((completion) => !completion.isOver).length;
    return {
      numSequencesRunning: running,
      numSequencesWaiting: 0,
      numTokensWaiting: 0,
      maxNumSeqs: 4,
      numSeatsUsed: running,
      kvCacheTokens: 512,
      numPagesUsed: 2,
      numPagesShared: 0,
      numPagesKept: 0,
      numWindowPagesUsed: 0,
      numDiskBytes: 0,
      numHitPages: 0,
      numMissedPages: 0,
      numWrittenPages: 0,
      numDroppedPages: 0,
      numDamagedFiles: 0,
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
      numEvictedPages: 0,
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
