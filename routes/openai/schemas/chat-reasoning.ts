import * as z from 'zod';
import type { Conversation } from '../../../src/generation/generation-request.ts';
import { invalidField } from '../../../src/errors.ts';
import { boundedRecord, MAX_TEMPLATE_ARGUMENTS } from '../../shared/schemas/bounds.ts';
import {
  mostReasoningTokens,
  REASONING_EFFORTS,
  reasoningBudgetSchema,
  toTemplateArguments,
  type ReasoningEffort,
} from '../../shared/schemas/reasoning-effort.ts';

const MAX_ARGUMENT_NAME = 64;
/** What a template is given anyway. */
const RESERVED_ARGUMENTS = ['messages', 'tools', 'documents', 'add_generation_prompt'];

const budget = reasoningBudgetSchema.nullish();
const effort = z.enum(REASONING_EFFORTS).nullish();
const otherBudgetName = budget.meta({ description: 'Another name of `thinking_token_budget`.' });

/** Fields of OpenAI, vLLM, llama.cpp, OpenRouter and Qwen's API for models that reason before they answer. */
export const reasoningFields = {
  reasoning_effort: effort.meta({
    description:
      '`none` turns reasoning off. The others are handed to the chat template, which may read them; `minimal`, `low` ' +
      'and `medium` allow 256, 1024 and 4096 tokens of reasoning, unless a budget says otherwise.',
  }),
  include_reasoning: z
    .boolean()
    .nullish()
    .meta({ default: true, description: 'False: the answer comes without the reasoning before it.' }),
  thinking_token_budget: budget.meta({
    description: 'Most tokens of reasoning; then the answer begins. -1: as many as there is room for.',
  }),
  max_reasoning_tokens: otherBudgetName,
  thinking_budget_tokens: otherBudgetName,
  thinking_budget: otherBudgetName,
  enable_thinking: z
    .boolean()
    .nullish()
    .meta({ description: "As in Qwen's API: turns reasoning on or off." }),
  reasoning: z
    .strictObject({
      effort: effort.meta({ description: 'As `reasoning_effort`; any but `none` turns reasoning on.' }),
      max_tokens: budget.meta({ description: 'As `thinking_token_budget`; turns reasoning on.' }),
      exclude: z.boolean().nullish().meta({ description: 'The opposite of `include_reasoning`.' }),
      enabled: z.boolean().nullish(),
    })
    .nullish()
    .meta({ description: 'As at OpenRouter.' }),
  thinking: z
    .strictObject({
      type: z.enum(['enabled', 'adaptive', 'disabled']),
      budget_tokens: budget.meta({ description: 'As `thinking_token_budget`.' }),
    })
    .nullish()
    .meta({ description: "As in Anthropic's API." }),
  chat_template_kwargs: boundedRecord(
    z.string().max(MAX_ARGUMENT_NAME),
    z.unknown().meta({ description: 'Any JSON, for the chat template.' }),
    MAX_TEMPLATE_ARGUMENTS,
  )
    .nullish()
    .meta({
      description:
        "Variables for the model's chat template. `enable_thinking` turns reasoning on or off, and a whole number as " +
        '`thinking_budget` is a budget as well.',
    }),
};

type ReasoningInput = z.output<z.ZodObject<typeof reasoningFields>>;

/** What a client says of one thing, and by which field. */
type Said<Value> = readonly [param: string, value: Value];

/** @throws EngineError `invalid_request` where fields contradict each other, or take what the service sets */
export function toReasoning(input: ReasoningInput): Pick<Conversation, 'reasoning' | 'templateArguments'> {
  const variables = input.chat_template_kwargs ?? {};
  const reserved = RESERVED_ARGUMENTS.find((name) => Object.hasOwn(variables, name));
  if (reserved !== undefined) throw invalidField(`chat_template_kwargs.${reserved}`, 'is set by the service');
  const { reasoning_effort: ownEffort, reasoning } = input;
  if (input.include_reasoning === true && reasoning?.exclude === true) {
    throw invalidField('reasoning.exclude', 'is true, and include_reasoning is true as well');
  }
  const askedEffort = onlyOne([
    said('reasoning_effort', ownEffort),
    said('reasoning.effort', reasoning?.effort),
  ]);
  return {
    reasoning: {
      isEnabled: isEnabled(input, variables),
      maxTokens: mostReasoningTokens(askedEffort, onlyOne(budgets(input, variables))),
    },
    templateArguments: { ...toTemplateArguments(askedEffort), ...variables },
  };
}

/** Whether an answer shows the reasoning before it. */
export const showsReasoning = ({ include_reasoning: includes, reasoning }: ReasoningInput): boolean =>
  includes !== false && reasoning?.exclude !== true;

/** Undefined: the template decides. */
function isEnabled(input: ReasoningInput, variables: Readonly<Record<string, unknown>>): boolean | undefined {
  const { reasoning, thinking, enable_thinking: ownSwitch } = input;
  const { enable_thinking: variable } = variables;
  const switches = [
    input.reasoning_effort === 'none' ? said('reasoning_effort', false) : undefined,
    said('reasoning', reasoning?.enabled ?? impliedBy(reasoning ?? {})),
    said('enable_thinking', ownSwitch),
    said('thinking.type', thinking && thinking.type !== 'disabled'),
    said('chat_template_kwargs.enable_thinking', typeof variable === 'boolean' ? variable : undefined),
  ].filter((one) => one !== undefined);
  const [first, ...others] = switches;
  const other = others.find(([, value]) => value !== first?.[1]);
  if (first !== undefined && other !== undefined) {
    const state = (isOn: boolean): string => (isOn ? 'on' : 'off');
    throw invalidField(
      first[0],
      `turns reasoning ${state(first[1])}, but ${other[0]} turns it ${state(other[1])}`,
    );
  }
  return first?.[1];
}

/** OpenRouter's rule: who says how much wants some. */
function impliedBy({
  effort: asked,
  max_tokens: most,
}: NonNullable<ReasoningInput['reasoning']>): boolean | undefined {
  if (typeof asked === 'string') return asked !== 'none';
  return typeof most === 'number' ? true : undefined;
}

function budgets(
  input: ReasoningInput,
  { thinking_budget: variable }: Readonly<Record<string, unknown>>,
): (Said<number> | undefined)[] {
  const isBudget = reasoningBudgetSchema.safeParse(variable);
  return [
    said('thinking_token_budget', input.thinking_token_budget),
    said('max_reasoning_tokens', input.max_reasoning_tokens),
    said('thinking_budget_tokens', input.thinking_budget_tokens),
    said('thinking_budget', input.thinking_budget),
    said('reasoning.max_tokens', input.reasoning?.max_tokens),
    said('thinking.budget_tokens', input.thinking?.budget_tokens),
    said('chat_template_kwargs.thinking_budget', isBudget.data),
  ];
}

const said = <Value>(param: string, value: Value | null | undefined): Said<Value> | undefined =>
  value === undefined || value === null ? undefined : [param, value];

/** What all fields that are there say alike. */
function onlyOne<Value extends number | ReasoningEffort>(
  all: readonly (Said<Value> | undefined)[],
): Value | undefined {
  const [first, ...others] = all.filter((one) => one !== undefined);
  if (first === undefined) return undefined;
  const other = others.find(([, value]) => value !== first[1]);
  if (other === undefined) return first[1];
  throw invalidField(
    other[0],
    `is another name of ${first[0]}: send one of them, not ${other[1]} and ${first[1]}`,
  );
}
