import { NgramIndex } from './ngram-index.ts';
import { containFault, numGeneratedTokens, type Sequence } from './sequence.ts';
import type { StepCostModel, StepShape } from './step-cost-model.ts';
import { scoresOf } from './step-budgets.ts';

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
  const plainMs = costs.predictMs(decodes);
  const counts = candidates.map(() => 0);
  // Of each candidate: the chance of the next row of its draft; 0 where there is none.
  const chances = candidates.map(({ acceptance, maxDraftTokens }) => (maxDraftTokens > 0 ? acceptance : 0));
  const shape = { ...decodes };
  let numTokens = candidates.length;
  let numWithout = candidates.length;
  let best = { rate: (LEAST_GAIN * numTokens) / plainMs, counts: [...counts] };
  for (let numRows = 0; numRows < maxRows; numRows++) {
    const index = indexOfLargest(chances);
    const candidate = candidates[index];
    const chance = chances[index] ?? 0;
    if (candidate === undefined || chance === 0) break;
    const { numComputedTokens, acceptance, maxDraftTokens } = candidate;
    const numDrafted = (counts[index] ?? 0) + 1;
    if (numDrafted === 1) numWithout--;
    counts[index] = numDrafted;
    chances[index] = numDrafted < maxDraftTokens ? chance * acceptance : 0;
    numTokens += chance;
    shape.numRows++;
    shape.numLogitRows++;
    shape.numScores += scoresOf(numComputedTokens + numDrafted, 1);
    const ms = costs.predictMs(shape);
    if (numWithout > 0 && ms > MAX_SLOWDOWN_OF_OTHERS * plainMs) continue;
    if (numTokens / ms > best.rate) best = { rate: numTokens / ms, counts: [...counts] };
  }
  return best.counts;
}

/** The first of the largest; -1 of none. */
function indexOfLargest(values: readonly number[]): number {
  let largest = -1;
  for (let index = 0; index < values.length; index++) {
    if (largest < 0 || (values[index] ?? 0) > (values[largest] ?? 0)) largest = index;
  }
  return largest;
}

/** Most tokens of one draft. */
const MAX_DRAFT_TOKENS = 8;
/** From so many common tokens on a position is likely to be quoted; below, two tokens just happen to follow each other. */
const LONG_MATCH = 5;
/** What is thought of a guess before the first. */
const FIRST_ACCEPTANCE = 0.3;
/** A model rarely cuts a forced text into other tokens. */
const FIRST_ACCEPTANCE_FORCED = 0.8;
/** Weight of a guess among all before it. */
const WEIGHT = 0.15;
/** Nothing is certain: a longer draft is always worth less a row. */
const MAX_ACCEPTANCE = 0.97;

/** A match in the sequence's own text, short or long; or what its form forces. */
type GuessKind = 'short' | 'long' | 'forced';

interface Guess {
  kind: GuessKind;
  /** Where it begins in the sequence. */
  start: number;
  tokenIds: readonly number[];
}

interface DraftState {
  index: NgramIndex;
  acceptance: Record<GuessKind, number>;
  /** The latest guess, whether it was tried or not. */
  guess: Guess | undefined;
}

const NO_DRAFT: readonly number[] = [];

/**
 * Guesses how sequences go on, and decides which guesses are worth a row (plan-drafts). Every guess is held against
 * what was drawn in the end, also one that no step computed: so what guesses of a sequence are worth is known before the
 * first is tried, and while none pays.
 */
export class Drafter {
  readonly #costs: StepCostModel;
  readonly #states = new Map<number, DraftState>();

  constructor(costs: StepCostModel) {
    this.#costs = costs;
  }

  /**
   * The draft of each sequence; all of them decode. One whose guess throws has none, and the fault.
   *
   * @param decodes the step without drafts
   * @param maxRows rows that are free
   */
  plan(sequences: readonly Sequence[], decodes: StepShape, maxRows: number): (readonly number[])[] {
    const guesses = sequences.map((sequence) => containFault(sequence, () => this.#guess(sequence)));
    if (maxRows === 0 || guesses.every((guess) => guess === undefined)) return sequences.map(() => NO_DRAFT);
    const candidates = sequences.map((sequence, i): DraftCandidate => {
      const guess = guesses[i];
      const acceptance = guess === undefined ? 0 : this.#stateOf(sequence).acceptance[guess.kind];
      const { numComputedTokens } = sequence;
      return { numComputedTokens, acceptance, maxDraftTokens: guess?.tokenIds.length ?? 0 };
    });
    const counts = planDrafts(this.#costs, decodes, candidates, maxRows);
    return counts.map((count, i) => guesses[i]?.tokenIds.slice(0, count) ?? NO_DRAFT);
  }

  forget(sequenceId: number): void {
    this.#states.delete(sequenceId);
  }

  #guess(sequence: Sequence): Guess | undefined {
    const state = this.#stateOf(sequence);
    judge(state, sequence);
    // The token after the draft is the sequence's own; a first token is waited for, and comes alone.
    const numGenerated = numGeneratedTokens(sequence);
    const numTokens = Math.min(MAX_DRAFT_TOKENS, sequence.maxTokens - numGenerated - 1);
    state.guess = numGenerated === 0 || numTokens <= 0 ? undefined : makeGuess(state, sequence, numTokens);
    return state.guess;
  }

  #stateOf({ id, tokenIds }: Sequence): DraftState {
    const known = this.#states.get(id);
    if (known !== undefined) return known;
    const acceptance = {
      short: FIRST_ACCEPTANCE,
      long: FIRST_ACCEPTANCE,
      forced: FIRST_ACCEPTANCE_FORCED,
    };
    const state: DraftState = { index: new NgramIndex(tokenIds), acceptance, guess: undefined };
    this.#states.set(id, state);
    return state;
  }
}

function makeGuess(
  { index }: DraftState,
  { tokenIds, guide }: Sequence,
  numTokens: number,
): Guess | undefined {
  const start = tokenIds.length;
  const forced = guide?.forcedTokens() ?? [];
  if (forced.length > 0) return { kind: 'forced', start, tokenIds: forced.slice(0, numTokens) };
  const match = index.find();
  if (match === undefined) return undefined;
  const guessed = index.guess(match, numTokens);
  const kind = match.length >= LONG_MATCH ? 'long' : 'short';
  return {
    kind,
    start,
    tokenIds: guide === undefined ? guessed : guessed.slice(0, guide.numAllowed(guessed)),
  };
}

/** Holds the latest guess against the tokens that have come since, up to the first that is another. */
function judge({ guess, acceptance }: DraftState, { tokenIds }: Sequence): void {
  if (guess === undefined) return;
  const { kind, start } = guess;
  for (const [i, guessed] of guess.tokenIds.entries()) {
    const drawn = tokenIds[start + i];
    if (drawn === undefined) return;
    const hit = drawn === guessed;
    acceptance[kind] += WEIGHT * ((hit ? 1 : 0) - acceptance[kind]);
    acceptance[kind] = Math.min(acceptance[kind], MAX_ACCEPTANCE);
    if (!hit) return;
  }
}
