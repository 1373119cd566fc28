import { randomUUID } from 'node:crypto';
import { checkNumTokens } from '../../src/bench/benchmark-target.ts';
import type { HttpTarget } from '../../src/bench/http-target.ts';
import type { FormatPair } from './format-cost.ts';
import { FORMAT_KINDS, formatSchema, type FormatKind } from './format-schemas.ts';
import type { LoggedStep, StepLog } from './step-log.ts';

/** Tokens that a text with a format may have: enough for its least items, and within the embedded model's context. */
const ROOM = 480;

/** Items that a list has at least: so the streams of a trial decode side by side for 70 steps or more. */
const MIN_ITEMS: Readonly<Record<FormatKind, number>> = {
  nested: 3,
  enum: 25,
  objects: 3,
  pattern: 15,
  numbers: 5,
  lengths: 5,
  'any-of': 20,
  ref: 8,
};

type Side = keyof FormatPair;

/**
 * `served`: as clients send them; with a format, tokens without alternative come with the step before, and their rows
 * with the next. `same-rows`: with logprobs, for which no token comes without a step; while drafts are off, a step then
 * computes the same rows with a format and without.
 */
export const TRIAL_KINDS = ['served', 'same-rows'] as const;
export type TrialKind = (typeof TRIAL_KINDS)[number];

export interface TrialParams {
  /** Tokens of each stream without a format. */
  maxTokens: number;
  seed: number;
}

/** Trials of one service: a stream for each kind of format, all sent at once. */
export class FormatTrials {
  readonly #target: HttpTarget;
  readonly #log: StepLog;
  readonly #prompts: readonly (readonly number[])[];
  readonly #params: TrialParams;
  /** The prompts are cached, so that the streams decode side by side from the start. */
  readonly #cacheSalt = randomUUID();

  /** @param prompts one for each kind of format */
  constructor(
    target: HttpTarget,
    log: StepLog,
    prompts: readonly (readonly number[])[],
    params: TrialParams,
  ) {
    this.#target = target;
    this.#log = log;
    this.#prompts = prompts;
    this.#params = params;
  }

  /** Pairs of each kind of trial; one of each goes before and does not count: it caches prompts, and compiles code. */
  async runPairs(numPairs: number, signal: AbortSignal): Promise<Record<TrialKind, FormatPair[]>> {
    const pairs: Record<TrialKind, FormatPair[]> = { served: [], 'same-rows': [] };
    for (const kind of TRIAL_KINDS) await this.#runPair(kind, 0, signal);
    for (let round = 1; round <= numPairs; round++) {
      for (const kind of TRIAL_KINDS) pairs[kind].push(await this.#runPair(kind, round, signal));
    }
    return pairs;
  }

  /** The side that goes first alternates, since the second finds the machine as the first left it. */
  async #runPair(kind: TrialKind, round: number, signal: AbortSignal): Promise<FormatPair> {
    const steps: Record<Side, readonly LoggedStep[]> = { without: [], with: [] };
    const sides: readonly Side[] = round % 2 === 0 ? ['without', 'with'] : ['with', 'without'];
    for (const side of sides) steps[side] = await this.#run(kind, side, round, signal);
    return steps;
  }

  async #run(trial: TrialKind, side: Side, round: number, signal: AbortSignal): Promise<LoggedStep[]> {
    this.#log.take();
    await Promise.all(
      FORMAT_KINDS.map(async (kind, index) => {
        const { [index]: prompt = [] } = this.#prompts;
        const fields = trialFields(trial, side, kind, round, this.#params);
        const request = { prompt, cache_salt: this.#cacheSalt, ...fields };
        const numTokens = await readToEnd(this.#target.stream(request, signal));
        const { maxTokens } = this.#params;
        if (side === 'without') checkNumTokens({ prompts: [prompt], maxTokens }, numTokens);
      }),
    );
    return this.#log.take();
  }
}

/** Fields of a request, beside its prompt. Each round has other texts, whose masks are partly new. */
export function trialFields(
  trial: TrialKind,
  side: Side,
  kind: FormatKind,
  round: number,
  { maxTokens, seed }: TrialParams,
): Record<string, unknown> {
  const drawn = {
    temperature: 1,
    seed: seed + FORMAT_KINDS.length * round + FORMAT_KINDS.indexOf(kind),
    ...(trial === 'same-rows' ? { logprobs: 0 } : {}),
  };
  return side === 'without'
    ? { ...drawn, max_tokens: maxTokens, ignore_eos: true }
    : { ...drawn, max_tokens: ROOM, guided_json: formatSchema(kind, MIN_ITEMS[kind]) };
}

/** @returns its tokens */
async function readToEnd(events: AsyncIterable<readonly number[]>): Promise<number> {
  let numTokens = 0;
  for await (const { length } of events) numTokens += length;
  return numTokens;
}
