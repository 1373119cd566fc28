import * as z from 'zod';
import type { ReasoningWish } from '../../../src/generation/generation-request.ts';
import { MAX_INT32 } from './bounds.ts';

/** How much a model may reason, in the words of OpenAI and Anthropic. */
export const REASONING_EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;

export type ReasoningEffort = (typeof REASONING_EFFORTS)[number];

/** Most tokens of reasoning, as vLLM and llama.cpp have it. */
export const reasoningBudgetSchema = z.int().min(-1).max(MAX_INT32);

/** The budget by which a client says that it wants none. */
const NO_BOUND = -1;

/** Most tokens of reasoning for each effort; those that are not here have no bound of their own. */
const MOST_TOKENS: Readonly<Partial<Record<ReasoningEffort, number>>> = {
  minimal: 256,
  low: 1024,
  medium: 4096,
};

/** Without an effort the template decides whether the model reasons. */
export function toReasoningWish(effort: ReasoningEffort | undefined, budget?: number | null): ReasoningWish {
  return {
    isEnabled: effort === undefined ? undefined : effort !== 'none',
    maxTokens: mostReasoningTokens(effort, budget),
  };
}

/** What a client says in numbers comes before what its effort allows. Undefined: there is no bound. */
export function mostReasoningTokens(
  effort: ReasoningEffort | undefined,
  budget?: number | null,
): number | undefined {
  if (typeof budget === 'number') return budget === NO_BOUND ? undefined : budget;
  return effort === undefined ? undefined : MOST_TOKENS[effort];
}

/** For templates that are written for an effort; others do not read it. */
export const toTemplateArguments = (
  effort: ReasoningEffort | null | undefined,
): Readonly<Record<string, unknown>> => ((effort ?? 'none') === 'none' ? {} : { reasoning_effort: effort });
