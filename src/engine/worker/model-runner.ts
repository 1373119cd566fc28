import type { CausalLm } from '../../model/architecture.ts';
import {
  inspectAttention,
  type AttentionWeights,
  type LayerInspection,
} from '../../model/inspect-attention.ts';
import { buildStepBatch, type SegmentInput } from '../../runtime/build-step-batch.ts';
import type { Forward, KvCache, PageTable, Runtime } from '../../runtime/runtime.ts';
import { pagesFor } from '../../pages.ts';
import { tablesUpTo } from '../../scheduler/pages/page-holder.ts';
import type { Segment, StepBatch, StepRow } from '../../runtime/step-batch.ts';
import type { ScheduledStep } from '../../scheduler/scheduler.ts';
import { assertInvariant } from '../../errors.ts';

/**
 * Row counts that a step is padded to: fine where a row weighs much, coarse where it does not, so that a runtime
 * meets a few dozen shapes and pads less than a third.
 */
export const ROW_BUCKETS: readonly number[] = [
  1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512,
];

/** What a step cost beyond its time; see EngineStats. */
export interface StepCost {
  numRows: number;
  numPaddedRows: number;
  numScores: number;
  numRectangularScores: number;
}

export interface StepResult {
  /** For each scheduled sequence, the rows of logits it asked for: all of its tokens, the last, or none. */
  logits: readonly (readonly StepRow[])[]; // [sequences][logitRows][vocab]
  cost: StepCost;
}

/** How much of its logits a sequence needs. */
export interface LogitsNeeded {
  /** Its prompt tokens are to be scored, hence the logits of every row. */
  everyRow: boolean;
  /** The most probable tokens of a row are enough. */
  topIsEnough: boolean;
  /** Of the draw from a row, as `Sampler.drawTemperature` gives it; 0: the row need not be weighed. */
  temperature: number;
}

type PromptLayer = Pick<LayerInspection, 'tokenIds' | 'layerIndex' | 'pages' | 'windowPages'>;

/** Turns a decided step into one padded batch, runs the transformer on it, and hands each sequence its logits. */
export class ModelRunner {
  readonly #model: CausalLm;
  readonly #runtime: Runtime;
  readonly #cache: KvCache;
  /** One function for good: a runtime may know its recordings by it. */
  readonly #forward: Forward;
  readonly #hiddenState: Forward;
  readonly #onNewShape: (() => void) | undefined;
  /** Shapes of steps that were run. */
  readonly #shapes = new Set<string>();

  /** @param onNewShape called before a step of a shape that was not run before: a runtime may have to compile it */
  constructor(model: CausalLm, runtime: Runtime, cache: KvCache, onNewShape?: () => void) {
    this.#onNewShape = onNewShape;
    this.#model = model;
    this.#forward = (ops) => model.forward(ops);
    this.#hiddenState = (ops) => model.hiddenState(ops);
    this.#runtime = runtime;
    this.#cache = cache;
  }

  async run(
    step: Pick<ScheduledStep, 'sequences' | 'freshPages' | 'freshWindowPages' | 'copies'>,
    logitsNeeded: (sequenceId: number) => LogitsNeeded,
  ): Promise<StepResult> {
    const inputs = step.sequences.map((scheduled): SegmentInput => {
      const { sequence, numScheduledTokens, draftTokenIds, completesTokens } = scheduled;
      const { holder, numComputedTokens } = sequence;
      assertInvariant(holder !== undefined, 'a scheduled sequence has pages');
      const end = numComputedTokens + numScheduledTokens - draftTokenIds.length;
      const computed = sequence.tokenIds.slice(numComputedTokens, end);
      const tokenIds = draftTokenIds.length === 0 ? computed : [...computed, ...draftTokenIds];
      const { everyRow, ...draw } = logitsNeeded(sequence.id);
      const logits = everyRow || draftTokenIds.length > 0 ? 'all' : completesTokens ? 'last' : 'none';
      const { pages, windowPages } = tablesUpTo(holder, numComputedTokens + numScheduledTokens);
      return { pages, windowPages, positionStart: numComputedTokens, tokenIds, logits, ...draw };
    });
    const batch = buildStepBatch(inputs, ROW_BUCKETS);
    // What is copied may lie in a page that was given away for the very step.
    for (const { from, to, window } of step.copies) {
      this.#runtime.copyPage(this.#cache, from, to);
      if (window !== undefined) this.#runtime.copyPage(this.#cache, window.from, window.to, 'windowPages');
    }
    this.#clear(step.freshPages, 'pages');
    this.#clear(step.freshWindowPages, 'windowPages');
    const rows = await this.#runStep(batch, 'logits'); // [logitRows][vocab]
    return { logits: splitRows(rows, inputs), cost: stepCost(batch, this.#runtime.numComputedRows(batch)) };
  }

  /**
   * Decodes one token in the first page: what a device lacks shows, and what it compiles for a decode is compiled.
   * Throws `backend_failure`.
   */
  async warmUp(): Promise<void> {
    const windowPages = this.#cache.shape.windowed && [0];
    const input = {
      pages: [0],
      windowPages,
      positionStart: 0,
      tokenIds: [0],
      logits: 'last',
      topIsEnough: true,
    } as const;
    await this.#runtime.runStep(buildStepBatch([input], ROW_BUCKETS), this.#cache, this.#forward);
  }

  /** What the last block leaves of every token, behind the final norm: [tokens][dim]. */
  async hiddenStates(inputs: readonly SegmentInput[]): Promise<Float32Array[]> {
    const batch = buildStepBatch(inputs, ROW_BUCKETS);
    for (const { pages, windowPages = [], positionStart } of inputs) {
      if (positionStart === 0) this.#clear(pages, 'pages');
      // Those of a window come with its tokens.
      this.#clear(Array.from(windowPages).slice(pagesFor(positionStart)), 'windowPages');
    }
    const rows = await this.#runStep(batch, 'states'); // [tokens][dim]
    return rows.slice(0, batch.numLogitRows).map((row) => {
      assertInvariant(row instanceof Float32Array, 'rows come whole unless the batch asks for their top');
      return row;
    });
  }

  get numLayers(): number {
    return this.#model.config.numLayers;
  }

  /** What every head of a layer looks at in a prompt; the pages are overwritten. */
  inspectAttention(inspection: PromptLayer): Promise<AttentionWeights[number]> {
    this.#clear(inspection.pages, 'pages');
    this.#clear(inspection.windowPages ?? [], 'windowPages');
    // Its forward pass is run this once.
    this.#onNewShape?.();
    return inspectAttention(this.#model, { ...inspection, runtime: this.#runtime, cache: this.#cache });
  }

  #runStep(batch: StepBatch, wanted: 'logits' | 'states'): Promise<readonly StepRow[]> {
    const { tokenIds, logitRows, topRows } = batch;
    const shape = `${wanted} ${tokenIds.length} ${logitRows.length} ${topRows.includes(true)}`;
    if (!this.#shapes.has(shape)) this.#onNewShape?.();
    this.#shapes.add(shape);
    return this.#runtime.runStep(batch, this.#cache, wanted === 'logits' ? this.#forward : this.#hiddenState);
  }

  /** Of pages that another had before, so that no step multiplies by that one's numbers. */
  #clear(pages: ArrayLike<number>, table: PageTable): void {
    for (const page of Array.from(pages)) this.#runtime.clearPage?.(this.#cache, page, 0, table);
  }
}

function splitRows(rows: readonly StepRow[], inputs: readonly SegmentInput[]): StepRow[][] {
  let row = 0;
  return inputs.map(({ logits, tokenIds }) => {
    const start = row;
    row += { all: tokenIds.length, last: 1, none: 0 }[logits];
    return rows.slice(start, row);
  });
}

/**
 * A query at position p scores p + 1 keys. One rectangular batch of the same sequences would score
 * sequences * longest chunk * longest context instead.
 * @param numComputedRows by the runtime (`Runtime.numComputedRows`)
 */
export function stepCost(batch: StepBatch, numComputedRows: number): StepCost {
  const scoresOf = ({ numRows, positionStart }: Segment): number =>
    numRows * positionStart + (numRows * (numRows + 1)) / 2;
  const longest = (length: (segment: Segment) => number): number => Math.max(...batch.segments.map(length));
  return {
    numRows: batch.numRows,
    numPaddedRows: numComputedRows - batch.numRows,
    numScores: batch.segments.reduce((sum, segment) => sum + scoresOf(segment), 0),
    numRectangularScores:
      batch.segments.length *
      longest((segment) => segment.numRows) *
      longest((segment) => segment.positionStart + segment.numRows),
  };
}
