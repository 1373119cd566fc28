import { scoresOf } from './prefill-budget.ts';
import type { StepCostModel, StepShape } from './step-cost-model.ts';

/** A sequence that decodes, and what its next tokens may be. */
export interface DraftCandidate {
  /** Tokens in the cache. */
  numComputedTokens: number;
  /** The chance that a token of its draft is the one that is drawn, given that those before it were. */
  acceptance: number;
  maxDraftTokens: number;
}

/** Drafts must promise so much more tokens a second: predictions are off by a few hundredths. */
const LEAST_GAIN = 1.05;
/** Drafts of some sequences make a step at most so much longer for the others. */
const MAX_SLOWDOWN_OF_OTHERS = 1.25;

/**
 * How many draft tokens each sequence gets in a step: as many as make the most tokens a second of the step as a whole.
 * Another row costs what the cost model says, and promises a token by the chance that it and all before it in its draft
 * are right; the most promising rows of all drafts come first. Where rows cost nothing, as while weights come from
 * memory, even a doubtful one pays; where many sequences decode, none does.
 *
 * @param decodes the step without drafts, a row for each candidate
 */
export function planDrafts(
  costs: StepCostModel,
  decodes: StepShape,
  candidates: readonly DraftCandidate[],
  maxRows: number,
): number[] {
  const rows = candidates
    .flatMap(({ acceptance, maxDraftTokens }, index) =>
      Array.from({ length: maxDraftTokens }, (_, i) => ({ index, chance: acceptance ** (i + 1) })),
    )
    .toSorted((one, other) => other.chance - one.chance)
    .slice(0, maxRows);
  const plainMs = costs.predictMs(decodes);
  const counts = candidates.map(() => 0);
  let shape = decodes;
  let numTokens = candidates.length;
  let numWithout = candidates.length;
  let best = { rate: (LEAST_GAIN * numTokens) / plainMs, counts: [...counts] };
  for (const { index, chance } of rows) {
    const numDrafted = counts[index] ?? 0;
    if (numDrafted === 0) numWithout--;
    counts[index] = numDrafted + 1;
    numTokens += chance;
    const position = (candidates[index]?.numComputedTokens ?? 0) + numDrafted + 1;
    shape = {
      numRows: shape.numRows + 1,
      numLogitRows: shape.numLogitRows + 1,
      numScores: shape.numScores + scoresOf(position, 1),
    };
    const ms = costs.predictMs(shape);
    if (numWithout > 0 && ms > MAX_SLOWDOWN_OF_OTHERS * plainMs) continue;
    if (numTokens / ms > best.rate) best = { rate: numTokens / ms, counts: [...counts] };
  }
  return best.counts;
}
