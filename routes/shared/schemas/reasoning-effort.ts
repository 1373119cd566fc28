import type { ReasoningDemand } from '../../../src/chat/answer.ts';

/** How much a model may reason, in the words of OpenAI and Anthropic. */
export const REASONING_EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;

export type ReasoningEffort = (typeof REASONING_EFFORTS)[number];

/** Most tokens of reasoning for each effort; those that are not here have no bound of their own. */
const MOST_TOKENS: Readonly<Partial<Record<ReasoningEffort, number>>> = {
  minimal: 256,
  low: 1024,
  medium: 4096,
};

/** Without an effort the template decides whether the model reasons. */
export function toReasoningDemand(effort: ReasoningEffort | undefined): ReasoningDemand {
  if (effort === undefined) return { isEnabled: undefined, maxTokens: undefined };
  return { isEnabled: effort !== 'none', maxTokens: MOST_TOKENS[effort] };
}

/** For templates that are written for an effort; others do not read it. */
export const toTemplateArguments = (
  effort: ReasoningEffort | null | undefined,
): Readonly<Record<string, unknown>> => ((effort ?? 'none') === 'none' ? {} : { reasoning_effort: effort });
