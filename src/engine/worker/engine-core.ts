import { checkLayers, checkTokenIds } from '../check-input.ts';
import {
  type FailedWork,
  type FinishedEmbedding,
  NO_SEQUENCE,
  type SequenceFinish,
  type SequenceGrammar,
  type SequenceOfSeat,
  type SequenceRequest,
  type SequenceUpdate,
  type StepReport,
  type TokenTexts,
} from '../protocol.ts';
import type { Pooling } from '../../model/pooling.ts';
import { type Answers, StepFault } from '../step-fault.ts';
import type { ActiveSequence } from './active-sequence.ts';
import { EmbeddingJobs, embedNext } from './embedding-jobs.ts';
import { FaultRegister } from './fault-register.ts';
import { GrammarPool } from './grammar-pool.ts';
import {
  type FinishedInspection,
  InspectionJobs,
  inspectNext,
  type PromptInspection,
} from './inspection-jobs.ts';
import type { ModelRunner } from './model-runner.ts';
import { ReasoningBudgets } from './reasoning-budget.ts';
import { SequenceGuide } from './sequence-guide.ts';
import { stepCounts } from './step-counts.ts';
import { Stopwatch, TimedGuide } from './timed-guide.ts';
import { TokenDrawer } from './token-drawer.ts';
import { assertInvariant } from '../../errors.ts';
import type { TokenTrieData } from '../../grammar/matching/token-trie.ts';
import { SamplerState } from '../../sampling/sampling-params.ts';
import type { Sampler } from '../../sampling/sampler.ts';
import type { PageCounts } from '../../scheduler/pages/page-cache.ts';
import type { ScheduledStep, Scheduler } from '../../scheduler/scheduler.ts';
import { createSequence, numGeneratedTokens, type Sequence } from '../../scheduler/sequence.ts';

/** What a step did; the engine process adds times and gauges. */
export interface CoreReport extends Omit<StepReport, 'gauges' | 'durationMs' | 'endedAtMs'> {
  /** True when a client waits for it: a first token, an end, or text that may end at any token. */
  isUrgent: boolean;
}

/** Holds sequences back that had better wait before they start. */
export interface SequenceGate {
  /** `release` is called once the sequence may start; false: it may now. */
  hold(sequence: Sequence, release: () => void): boolean;
  /** It is cancelled; false where it is not held. */
  drop(sequenceId: number): boolean;
}

/**
 * The step loop's body: schedule -> run -> sample -> update. Sequences join and leave between steps and at no other
 * time: its caller awaits a step and calls nothing else meanwhile. It knows no process, and no clock but the one it is
 * given to time its steps by, so tests drive it directly.
 *
 * What is thrown for one sequence, by its guide, its sampler, its draft or the budget of its reasoning, ends that one:
 * from `submit` it is thrown on; in a step the sequence carries it (`containFault`) and ends with it. What is thrown by
 * the runtime or the scheduler ends the sequences of the step, as a StepFault that tells which; the next step has nothing
 * of theirs. FaultRegister has what ends the engine.
 */
export class EngineCore {
  readonly #scheduler: Scheduler;
  readonly #runner: ModelRunner;
  readonly #sampler: Sampler;
  readonly #drawer: TokenDrawer;
  readonly #now: (() => number) | undefined;
  readonly #modelWatch: Stopwatch;
  readonly #formatWatch: Stopwatch;
  readonly #active = new Map<number, ActiveSequence>();
  readonly #embeddings: EmbeddingJobs;
  readonly #inspections: InspectionJobs;
  readonly #grammars = new GrammarPool();
  readonly #reasoningBudgets = new ReasoningBudgets();
  #isStepping = false;
  readonly #faults = new FaultRegister();
  readonly #gate: SequenceGate | undefined;

  /** @param now milliseconds; without it the time of steps is not measured */
  constructor(
    scheduler: Scheduler,
    runner: ModelRunner,
    sampler: Sampler,
    now?: () => number,
    gate?: SequenceGate,
  ) {
    this.#scheduler = scheduler;
    this.#gate = gate;
    this.#runner = runner;
    this.#sampler = sampler;
    this.#drawer = new TokenDrawer(sampler, now);
    this.#now = now;
    this.#modelWatch = new Stopwatch(now);
    this.#formatWatch = new Stopwatch(now);
    this.#embeddings = new EmbeddingJobs(scheduler.queue, scheduler.maxNumBatchedTokens);
    this.#inspections = new InspectionJobs(scheduler.queue);
  }

  get pageCounts(): PageCounts {
    return this.#scheduler.queue.cache.counts();
  }

  get numSeatsUsed(): number {
    return this.#scheduler.numSeatsUsed;
  }

  /** Up to the last seat that is taken: it is sent with every report. */
  sequenceOfSeat(): SequenceOfSeat {
    const seats = this.#running().map(({ seat = NO_SEQUENCE }) => seat);
    const sequences = new Array<number>(Math.max(NO_SEQUENCE, ...seats) + 1).fill(NO_SEQUENCE);
    for (const { id, seat } of this.#running()) if (seat !== undefined) sequences[seat] = id;
    return sequences;
  }

  /**
   * @throws EngineError `invalid_request` for tokens that are none; `internal` for an id that is in use; as
   * `ReasoningBudgets.budgetOf`
   */
  submit({ grammar, ...request }: SequenceRequest): void {
    this.#checkBetweenSteps();
    assertInvariant(!this.#active.has(request.id), `sequence id ${request.id} is not in use`);
    checkTokenIds(request.promptTokenIds, this.#sampler, 'prompt');
    const { id, clientId, promptTokenIds, maxTokens, sampling, seed, stream, promptLogprobs } = request;
    const cacheUse = { readsCache: !promptLogprobs, cacheSalt: request.cacheSalt };
    const guide = grammar && this.#guideOf(grammar, clientId, maxTokens);
    const sequence = createSequence(
      id,
      promptTokenIds,
      maxTokens,
      cacheUse,
      clientId,
      guide,
      request.priority,
    );
    const sampler = new SamplerState({ params: sampling, promptTokenIds, seed, stream });
    const reasoning = request.reasoning && this.#reasoningBudgets.budgetOf(request.reasoning);
    const counts = { numConstrained: 0, numMissed: 0, numScored: 0 };
    const start = (): void => this.#scheduler.add(sequence);
    if (this.#gate?.hold(sequence, start) !== true) start();
    this.#active.set(id, { request, sequence, sampler, guide, reasoning, ...counts });
  }

  #guideOf(grammar: SequenceGrammar, clientId: string, maxTokens: number): TimedGuide {
    const held = this.#formatWatch.time(() => this.#grammars.grammarOf(grammar, clientId));
    return new TimedGuide(new SequenceGuide(held, maxTokens), new Stopwatch(this.#now, this.#formatWatch));
  }

  /** The texts of the model's tokens, before the first sequence with a grammar. */
  setVocabulary(trie: TokenTrieData): void {
    this.#checkBetweenSteps();
    this.#grammars.setVocabulary(trie);
  }

  /** The bytes of the model's tokens, before the first sequence with a bound on its reasoning. */
  setTokenTexts(texts: TokenTexts): void {
    this.#checkBetweenSteps();
    this.#reasoningBudgets.setTokenTexts(texts);
  }

  /** Takes a sequence out between two steps; false when it is not here (any more). */
  cancel(sequenceId: number): boolean {
    this.#checkBetweenSteps();
    if (!this.#active.delete(sequenceId)) return false;
    return this.#gate?.drop(sequenceId) === true || this.#scheduler.remove(sequenceId);
  }

  /** Whether prompts are to be inspected. */
  get hasInspections(): boolean {
    return this.#inspections.size > 0;
  }

  /** Whether texts are to be embedded. */
  get hasEmbeddings(): boolean {
    return this.#embeddings.size > 0;
  }

  /** Takes a prompt to be inspected by `stepInspection`. */
  addInspection(id: number, { tokenIds, layers, clientId = '' }: PromptInspection): void {
    this.#checkBetweenSteps();
    checkTokenIds(tokenIds, this.#sampler, 'prompt');
    checkLayers(layers, this.#runner.numLayers);
    this.#inspections.add(id, { tokenIds, layers, clientId });
  }

  cancelInspection(id: number): void {
    this.#checkBetweenSteps();
    this.#inspections.cancel(id);
  }

  /** Inspects a layer of a prompt; `undefined` without any to inspect. A fault ends that inspection. */
  stepInspection(): Promise<Answers<FinishedInspection> | undefined> {
    return this.#alone(() => inspectNext(this.#inspections, this.#runner, this.#faults));
  }

  /** Takes a text to be embedded by `stepEmbeddings`. */
  addEmbedding(id: number, tokenIds: readonly number[], clientId = '', pooling: Pooling = 'mean'): void {
    this.#checkBetweenSteps();
    checkTokenIds(tokenIds, this.#sampler, 'input');
    this.#embeddings.add(id, tokenIds, clientId, pooling);
  }

  cancelEmbedding(id: number): void {
    this.#checkBetweenSteps();
    this.#embeddings.cancel(id);
  }

  /**
   * Computes the next tokens of texts to be embedded; `undefined` without any to compute. A fault ends the texts of the
   * step, or those of them whose states are not numbers.
   */
  async stepEmbeddings(): Promise<Answers<FinishedEmbedding> | undefined> {
    const rowsOf = this.#scheduler.rowsBetween();
    const answers = await this.#alone(() => embedNext(this.#embeddings, this.#runner, rowsOf, this.#faults));
    if (answers !== undefined) this.#scheduler.tookBetween();
    return answers;
  }

  /**
   * Runs one step, or returns `undefined` when there is nothing to compute.
   * @throws StepFault when it failed, and with it its sequences
   */
  async step(): Promise<CoreReport | undefined> {
    let step: ScheduledStep | undefined;
    try {
      const startedAt = this.#now?.();
      step = this.#scheduler.schedule();
      if (step === undefined) return undefined;
      const report = await this.#compute(step, startedAt);
      this.#faults.pass();
      return report;
    } catch (error) {
      this.#faults.admit('sequence', error);
      // Without a step, any of those that run may be at fault.
      const hit = step?.sequences.map(({ sequence }) => sequence) ?? this.#running();
      if (hit.length === 0) throw error;
      throw new StepFault('sequence', this.#discard(hit), error);
    }
  }

  #running(): Sequence[] {
    return [...this.#active.values()].flatMap(({ sequence }) =>
      sequence.seat === undefined ? [] : [sequence],
    );
  }

  /** Takes sequences out that ended by a fault. */
  #discard(sequences: readonly Sequence[]): FailedWork[] {
    return sequences.map((sequence) => {
      const { id, tokenIds, numComputedTokens } = sequence;
      this.#active.delete(id);
      this.#scheduler.discard(sequence);
      return { id, numTokens: tokenIds.length, numComputedTokens };
    });
  }

  async #compute(step: ScheduledStep, startedAt: number | undefined): Promise<CoreReport> {
    const { logits, cost } = await this.#alone(() =>
      this.#modelWatch.timeAsync(() =>
        this.#runner.run(step, (id) => this.#drawer.logitsNeeded(this.#activeOf(id))),
      ),
    );
    const started = new Set(step.started);
    const computed = step.sequences.map((scheduled, i) => {
      return { active: this.#activeOf(scheduled.sequence.id), scheduled, logits: logits[i] ?? [] };
    });
    const progress = this.#drawer.drawAll(computed, startedAt);
    // A loop: `flatMap` takes V8 of Node 20 some 35 us here, in every step.
    const updates: SequenceUpdate[] = [];
    for (const [i, { updates: ofSequence }] of progress.entries()) {
      const sequence = step.sequences[i]?.sequence;
      if (sequence !== undefined && started.has(sequence)) Object.assign(ofSequence[0], startOf(sequence));
      updates.push(...ofSequence);
    }
    const isUrgent = updates.some((update) => this.#isUrgent(update));
    const numAccepted = progress.map((sequence) => sequence.numAccepted);
    const counts = stepCounts(step, numAccepted);
    const endedAt = this.#now?.();
    const durationMs = endedAt === undefined ? undefined : endedAt - (startedAt ?? endedAt);
    this.#scheduler.advance(step, durationMs, numAccepted);
    for (const { id, finish } of updates) if (finish !== undefined) this.#end(id, finish);
    const times = { modelMs: this.#modelWatch.take(), formatMs: this.#formatWatch.take() };
    return { updates, isUrgent, ...cost, ...counts, ...times };
  }

  #end(id: number, finish: SequenceFinish): void {
    if (finish === 'error') this.#discard([this.#activeOf(id).sequence]);
    else this.cancel(id);
  }

  async #alone<T>(run: () => Promise<T>): Promise<T> {
    this.#checkBetweenSteps();
    this.#isStepping = true;
    try {
      return await run();
    } finally {
      this.#isStepping = false;
    }
  }

  #checkBetweenSteps(): void {
    assertInvariant(!this.#isStepping, 'nothing joins, leaves or runs while a step does');
  }

  #activeOf(id: number): ActiveSequence {
    const active = this.#active.get(id);
    assertInvariant(active !== undefined, `sequence ${id} is scheduled only while it is active`);
    return active;
  }

  #isUrgent({ id, token, finish }: SequenceUpdate): boolean {
    if (finish !== undefined) return true;
    const { request, sequence } = this.#activeOf(id);
    return token !== undefined && (request.mayStopByText || numGeneratedTokens(sequence) === 1);
  }
}

function startOf({ numCachedTokens }: Sequence): Pick<SequenceUpdate, 'started' | 'numCachedTokens'> {
  return { started: true, ...(numCachedTokens === undefined ? {} : { numCachedTokens }) };
}
