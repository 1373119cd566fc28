import { assertInvariant } from '../errors.ts';
import type { AttentionWeights } from '../model/inspect-attention.ts';
import type { StepRow } from '../runtime/step-row.ts';
import { tokenLogprobs } from '../sampling/logprobs.ts';
import type { Sampler } from '../sampling/sampler.ts';
import { SamplerState } from '../sampling/sampler-state.ts';
import type { ScheduledStep, Scheduler } from '../scheduler/scheduler.ts';
import { createSequence, numGeneratedTokens, type Sequence } from '../scheduler/sequence.ts';
import type { ScheduledSequence } from '../scheduler/step-builder.ts';
import { EmbeddingJobs, type FinishedEmbedding } from './embedding-jobs.ts';
import type { TokenOutput } from './engine.ts';
import type { LogitsNeeded, ModelRunner } from './model-runner.ts';
import type { SequenceFinish, SequenceRequest, SequenceUpdate, StepReport } from './protocol.ts';

interface ActiveSequence {
  request: SequenceRequest;
  sequence: Sequence;
  sampler: SamplerState;
}

/** What a step did; times and gauges are added by whoever sends it on. */
export interface CoreReport extends Omit<StepReport, 'gauges' | 'durationMs' | 'endedAtMs'> {
  /** True when somebody waits for it: a first token, an end, or text that may end at any token. */
  isUrgent: boolean;
}

/**
 * The step loop's body: schedule -> run -> sample -> update. Sequences join and leave between steps and at no other
 * time: whoever awaits a step calls nothing else meanwhile. It knows no process, and no clock but the one it is given to
 * time its steps by, so tests drive it directly.
 */
export class EngineCore {
  readonly #scheduler: Scheduler;
  readonly #runner: ModelRunner;
  readonly #sampler: Sampler;
  readonly #now: (() => number) | undefined;
  readonly #active = new Map<number, ActiveSequence>();
  readonly #embeddings: EmbeddingJobs;
  #isStepping = false;

  /** @param now milliseconds; without it nobody learns how long steps take */
  constructor(scheduler: Scheduler, runner: ModelRunner, sampler: Sampler, now?: () => number) {
    this.#scheduler = scheduler;
    this.#runner = runner;
    this.#sampler = sampler;
    this.#now = now;
    this.#embeddings = new EmbeddingJobs(scheduler, scheduler.maxNumBatchedTokens);
  }

  get numCachedTokens(): number {
    return this.#scheduler.numCachedTokens;
  }

  get numRunning(): number {
    return this.#scheduler.numRunning;
  }

  submit(request: SequenceRequest): void {
    this.#checkBetweenSteps();
    assertInvariant(!this.#active.has(request.id), `sequence id ${request.id} is not in use`);
    const { id, promptTokenIds, maxTokens, sampling, seed, stream, promptLogprobs } = request;
    const cacheUse = { readsCache: !promptLogprobs, cacheSalt: request.cacheSalt };
    const sequence = createSequence(id, promptTokenIds, maxTokens, cacheUse, request.clientId);
    const sampler = new SamplerState({ params: sampling, promptTokenIds, seed, stream });
    this.#active.set(id, { request, sequence, sampler });
    this.#scheduler.add(sequence);
  }

  /** Takes a sequence out between two steps; false when it is not here (any more). */
  cancel(sequenceId: number): boolean {
    this.#checkBetweenSteps();
    return this.#active.delete(sequenceId) && this.#scheduler.remove(sequenceId);
  }

  /** What every head looks at in a prompt; `undefined` as long as no lane is free. */
  async tryInspect(
    tokenIds: readonly number[],
    layers?: readonly number[],
  ): Promise<AttentionWeights | undefined> {
    return this.#alone(() =>
      this.#scheduler.tryWithLane((lane) => this.#runner.inspectAttention(tokenIds, lane, layers)),
    );
  }

  /** Takes a text to be embedded by `stepEmbeddings`. */
  addEmbedding(id: number, tokenIds: readonly number[], clientId = ''): void {
    this.#checkBetweenSteps();
    this.#embeddings.add(id, tokenIds, clientId);
  }

  cancelEmbedding(id: number): void {
    this.#checkBetweenSteps();
    this.#embeddings.cancel(id);
  }

  /** Computes the next tokens of texts to be embedded; the texts that are done, or `undefined` without any to compute. */
  async stepEmbeddings(): Promise<FinishedEmbedding[] | undefined> {
    const chunks = this.#embeddings.schedule(this.#scheduler.numRowsBetween());
    if (chunks.length === 0) return undefined;
    const rows = await this.#alone(() => this.#runner.hiddenStates(chunks.map(({ segment }) => segment))); // [tokens][dim]
    return this.#embeddings.advance(chunks, rows);
  }

  /** Runs one step, or returns `undefined` when there is nothing to compute. */
  async step(): Promise<CoreReport | undefined> {
    const startedAt = this.#now?.();
    const step = this.#scheduler.schedule();
    if (step === undefined) return undefined;
    const { logits, cost } = await this.#alone(() =>
      this.#runner.run(step, (id) => this.#logitsNeeded(this.#activeOf(id))),
    );
    const started = new Set(step.started);
    const updatesOf = step.sequences.map((scheduled, i): SequenceUpdate[] => {
      const [first, ...others] = this.#update(scheduled, logits[i] ?? []);
      return started.has(scheduled.sequence)
        ? [{ ...first, ...startOf(scheduled.sequence) }, ...others]
        : [first, ...others];
    });
    const updates = updatesOf.flat();
    const isUrgent = updates.some((update) => this.#isUrgent(update));
    const numPromptTokens = countPromptTokens(step);
    const numAccepted = updatesOf.map(({ length }) => length - 1);
    const endedAt = this.#now?.();
    const durationMs = endedAt === undefined ? undefined : endedAt - (startedAt ?? endedAt);
    this.#scheduler.advance(step, durationMs, numAccepted);
    for (const { id, finish } of updates) if (finish !== undefined) this.cancel(id);
    const drafts = countDrafts(step, numAccepted);
    return { updates, ...cost, numPromptTokens, ...countLookups(step), ...drafts, isUrgent };
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

  #logitsNeeded(active: ActiveSequence): LogitsNeeded {
    const { request, sampler } = active;
    const options = { numLogprobs: request.numLogprobs, forbiddenTokenIds: forbiddenTokens(active) };
    return {
      everyRow: request.promptLogprobs,
      topIsEnough: !request.promptLogprobs && this.#sampler.topIsEnough(sampler, options),
    };
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

  /** What the step did for a sequence: its first token with all else, then those of its draft that it draws as well. */
  #update(scheduled: ScheduledSequence, logits: readonly StepRow[]): [SequenceUpdate, ...SequenceUpdate[]] {
    const { sequence, completesTokens, draftTokenIds } = scheduled;
    const active = this.#activeOf(sequence.id);
    const update: SequenceUpdate = { id: sequence.id };
    if (active.request.promptLogprobs && sequence.numComputedTokens < sequence.numPromptTokens) {
      update.promptLogprobs = this.#scorePrompt(active, scheduled, logits);
    }
    if (!completesTokens) return [update];
    if (active.request.maxTokens === 0) return [{ ...update, finish: 'length' }];
    const rows = logits.slice(-1 - draftTokenIds.length);
    const [first, ...others] = this.#draw(active, rows, draftTokenIds);
    return [{ ...update, ...first }, ...others];
  }

  /**
   * Draws a token from each row, as long as each is the one that the next row was computed for. A token depends on its
   * row and on what was drawn before alone (its random number on its index), so it is the same as without a draft.
   */
  #draw(
    active: ActiveSequence,
    rows: readonly StepRow[],
    draftTokenIds: readonly number[],
  ): SequenceUpdate[] {
    const { sequence } = active;
    assertInvariant(
      rows.length > draftTokenIds.length,
      'a sequence whose tokens are complete has logits for them',
    );
    const drawn: SequenceUpdate[] = [];
    for (const [i, row] of rows.entries()) {
      const token = this.#sample(active, row);
      sequence.tokenIds.push(token.tokenId);
      const finish = finishOf(active, token.tokenId);
      drawn.push({ id: sequence.id, token, ...(finish === undefined ? {} : { finish }) });
      if (finish !== undefined || token.tokenId !== draftTokenIds[i]) break;
    }
    return drawn;
  }

  /** Row i of a chunk predicts the prompt token after it; nothing predicts the first. */
  #scorePrompt(
    active: ActiveSequence,
    { sequence, numScheduledTokens }: ScheduledSequence,
    logits: readonly StepRow[],
  ): (TokenOutput | { tokenId: number })[] {
    const start = sequence.numComputedTokens;
    const end = Math.min(start + numScheduledTokens, sequence.numPromptTokens - 1);
    const scored: (TokenOutput | { tokenId: number })[] = [];
    if (start === 0) scored.push({ tokenId: sequence.tokenIds[0] ?? 0 });
    for (let position = start; position < end; position++) {
      const row = logits[position - start]; // [vocab]
      const tokenId = sequence.tokenIds[position + 1];
      assertInvariant(
        row instanceof Float32Array && tokenId !== undefined,
        'every prompt row of the chunk has all its logits',
      );
      scored.push({ tokenId, ...tokenLogprobs(row, tokenId, active.request.numLogprobs ?? 0) });
    }
    return scored;
  }

  #sample(active: ActiveSequence, logits: StepRow): TokenOutput {
    return this.#sampler.sampleToken(logits, active.sampler, {
      numLogprobs: active.request.numLogprobs,
      forbiddenTokenIds: forbiddenTokens(active),
    });
  }
}

/** What may not be drawn next: the ends of the sequence, as long as it is shorter than its least length. */
function forbiddenTokens({ request, sequence }: ActiveSequence): readonly number[] {
  return numGeneratedTokens(sequence) < request.minTokens ? request.stopTokenIds : [];
}

function finishOf({ request, sequence }: ActiveSequence, tokenId: number): SequenceFinish | undefined {
  if (request.stopTokenIds.includes(tokenId)) return 'stop';
  return numGeneratedTokens(sequence) >= request.maxTokens ? 'length' : undefined;
}

function startOf({ numCachedTokens }: Sequence): Pick<SequenceUpdate, 'started' | 'numCachedTokens'> {
  return { started: true, ...(numCachedTokens === undefined ? {} : { numCachedTokens }) };
}

function countLookups({ started }: ScheduledStep): Pick<StepReport, 'numQueriedTokens' | 'numCachedTokens'> {
  const lookups = started.filter(({ numCachedTokens }) => numCachedTokens !== undefined);
  return {
    numQueriedTokens: lookups.reduce((sum, { numPromptTokens }) => sum + numPromptTokens, 0),
    numCachedTokens: lookups.reduce((sum, { numCachedTokens = 0 }) => sum + numCachedTokens, 0),
  };
}

function countDrafts(
  { sequences }: ScheduledStep,
  numAccepted: readonly number[],
): Pick<StepReport, 'numDraftTokens' | 'numAcceptedTokens'> {
  return {
    numDraftTokens: sequences.reduce((sum, { draftTokenIds }) => sum + draftTokenIds.length, 0),
    numAcceptedTokens: numAccepted.reduce((sum, count) => sum + count, 0),
  };
}

function countPromptTokens(step: ScheduledStep): number {
  return step.sequences.reduce((sum, { sequence, numScheduledTokens }) => {
    const numPromptLeft = Math.max(sequence.numPromptTokens - sequence.numComputedTokens, 0);
    return sum + Math.min(numScheduledTokens, numPromptLeft);
  }, 0);
}
