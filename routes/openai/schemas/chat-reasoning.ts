import { z } from 'zod';
import type { AnswerDemand } from '../../../src/chat/answer.ts';
import { invalidField } from '../../../src/errors.ts';
import { boundedRecord, MAX_INT32, MAX_TEMPLATE_ARGUMENTS } from '../../shared/schemas/bounds.ts';
import { REASONING_EFFORTS, toTemplateArguments } from '../../shared/schemas/reasoning-effort.ts';

const MAX_ARGUMENT_NAME = 64;
/** What a template is given anyway. */
const RESERVED_ARGUMENTS = ['messages', 'tools', 'documents', 'add_generation_prompt'];

const budget = z.int().min(-1).max(MAX_INT32).nullish();
/** vLLM's name, a plain one, and llama.cpp's. */
const BUDGETS = ['thinking_token_budget', 'max_reasoning_tokens', 'thinking_budget_tokens'] as const;

/** Fields of OpenAI, vLLM and llama.cpp for models that reason before they answer. */
export const reasoningFields = {
  reasoning_effort: z.enum(REASONING_EFFORTS).nullish().meta({
    description:
      '`none` turns reasoning off. The others are handed to the chat template, which may read them.',
  }),
  include_reasoning: z
    .boolean()
    .nullish()
    .meta({ default: true, description: 'False: the answer comes without the reasoning before it.' }),
  thinking_token_budget: budget.meta({
    description: 'Most tokens of reasoning; -1: as many as there is room for.',
  }),
  max_reasoning_tokens: budget.meta({ description: 'Another name of `thinking_token_budget`.' }),
  thinking_budget_tokens: budget.meta({ description: 'Another name of `thinking_token_budget`.' }),
  chat_template_kwargs: boundedRecord(
    z.string().max(MAX_ARGUMENT_NAME),
    z.unknown().meta({ description: 'Any JSON, for the chat template.' }),
    MAX_TEMPLATE_ARGUMENTS,
  )
    .nullish()
    .meta({ description: "Variables for the model's chat template, such as `enable_thinking`." }),
};

type ReasoningInput = z.output<z.ZodObject<typeof reasoningFields>>;

/** @throws EngineError `invalid_request` where fields contradict each other, or take what the service sets */
export function toReasoning(input: ReasoningInput): Pick<AnswerDemand, 'reasoning' | 'templateArguments'> {
  const { reasoning_effort: effort, chat_template_kwargs: given } = input;
  const variables = given ?? {};
  const reserved = RESERVED_ARGUMENTS.find((name) => Object.hasOwn(variables, name));
  if (reserved !== undefined) throw invalidField(`chat_template_kwargs.${reserved}`, 'is set by the service');
  const enabled = variables['enable_thinking'];
  if (effort === 'none' && enabled === true) {
    throw invalidField('reasoning_effort', "is 'none', but chat_template_kwargs.enable_thinking is true");
  }
  const isEnabled = effort === 'none' ? false : typeof enabled === 'boolean' ? enabled : undefined;
  return {
    reasoning: { isEnabled, maxTokens: toBudget(input) },
    templateArguments: { ...toTemplateArguments(effort), ...variables },
  };
}

function toBudget(input: ReasoningInput): number | undefined {
  const [first, ...others] = BUDGETS.filter((name) => typeof input[name] === 'number');
  if (first === undefined) return undefined;
  const other = others.find((name) => input[name] !== input[first]);
  if (other !== undefined) {
    throw invalidField(
      other,
      `is another name of ${first}: send one of them, not ${input[other]} and ${input[first]}`,
    );
  }
  const maxTokens = input[first] ?? -1;
  return maxTokens === -1 ? undefined : maxTokens;
}
