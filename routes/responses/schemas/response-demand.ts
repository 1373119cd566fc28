import type { AnswerDemand } from '../../../src/chat/answer.ts';
import type { ToolChoice, ToolDefinition } from '../../../src/chat/tools.ts';
import type { ModelInfo } from '../../../src/engine/engine.ts';
import { invalidField } from '../../../src/errors.ts';
import type { GrammarSpec } from '../../../src/grammar/grammar-spec.ts';
import { toAnswerDemand } from '../../shared/schemas/answer-demand.ts';
import { toReasoningDemand, toTemplateArguments } from '../../shared/schemas/reasoning-effort.ts';
import { toConversationMessages } from './conversation-messages.ts';
import type { ResponseEcho } from './response-body.ts';
import type { StoredItem } from './response-items.ts';
import {
  isFunctionTool,
  type FunctionTool,
  type InputTokensInput,
  type ResponseInput,
  type ToolChoiceInput,
} from './response-request.ts';

/** The items that an answer follows. */
export interface Conversation {
  readonly items: readonly StoredItem[];
  /** Those of them that come from earlier responses. */
  readonly numBefore: number;
}

/** What a request and the count of its tokens share. */
type SharedInput = Omit<InputTokensInput, 'input' | 'personality'>;

/**
 * The one conversion from OpenAI's fields to the engine's.
 *
 * @throws EngineError `invalid_request` where fields contradict each other
 */
export function toResponseDemand(
  input: ResponseInput,
  conversation: Conversation,
  model: ModelInfo,
  timeoutMs: number,
): AnswerDemand {
  const maxTokens = input.max_output_tokens ?? undefined;
  if (input.truncation === 'auto' && maxTokens === undefined) {
    throw invalidField(
      'truncation',
      "'auto' needs max_output_tokens: else it is not known how many tokens fit",
    );
  }
  return toAnswerDemand({
    ...sharedParts(input, conversation),
    maxTokens: maxTokens ?? model.contextLength,
    asksForMaxTokens: maxTokens !== undefined,
    timeoutMs,
    truncateTo: input.truncation === 'auto' ? 'fit' : undefined,
    numLogprobs: asksForLogprobs(input) ? (input.top_logprobs ?? 0) : undefined,
    cacheSalt: input.cache_salt ?? undefined,
    sampling: {
      temperature: input.temperature ?? 1,
      topP: input.top_p ?? 1,
      topK: Math.max(input.top_k ?? 0, 0),
      seed: input.seed ?? undefined,
    },
  });
}

/**
 * The same of a request whose tokens are counted.
 *
 * @throws EngineError `invalid_request` where fields contradict each other
 */
export const toCountDemand = (
  input: InputTokensInput,
  conversation: Conversation,
  timeoutMs: number,
): AnswerDemand =>
  toAnswerDemand({
    ...sharedParts(input, conversation),
    maxTokens: 1,
    asksForMaxTokens: false,
    timeoutMs,
    sampling: {},
  });

/** A number of alternatives asks for logprobs as well. */
export const asksForLogprobs = ({ include, top_logprobs: numTop }: ResponseInput): boolean =>
  (include ?? []).includes('message.output_text.logprobs') || (numTop ?? 0) > 0;

/** How a client wants the reasoning summed up; undefined: not at all. */
export const summaryOf = ({ reasoning }: Pick<ResponseInput, 'reasoning'>): string | undefined =>
  reasoning?.summary ?? reasoning?.generate_summary ?? undefined;

/** What a response repeats of its request. */
export function toEcho(input: ResponseInput, modelId: string): ResponseEcho {
  const { reasoning } = input;
  const tools = (input.tools ?? []).filter(isFunctionTool);
  return {
    background: false,
    instructions: input.instructions ?? null,
    max_output_tokens: input.max_output_tokens ?? null,
    max_tool_calls: input.max_tool_calls ?? null,
    metadata: input.metadata ?? {},
    model: modelId,
    parallel_tool_calls: input.parallel_tool_calls ?? true,
    previous_response_id: input.previous_response_id ?? null,
    prompt_cache_key: input.prompt_cache_key ?? null,
    reasoning: { effort: reasoning?.effort ?? null, summary: summaryOf(input) ?? null },
    store: input.store ?? true,
    temperature: input.temperature ?? 1,
    text: { format: input.text?.format ?? { type: 'text' } },
    tool_choice: input.tool_choice ?? 'auto',
    tools: tools.map(({ type, name, description, parameters, strict }) => ({
      type,
      name,
      description: description ?? null,
      parameters: parameters ?? null,
      strict: strict ?? null,
    })),
    top_logprobs: input.top_logprobs ?? 0,
    top_p: input.top_p ?? 1,
    truncation: input.truncation ?? 'disabled',
    user: input.user ?? null,
  };
}

function sharedParts(
  input: SharedInput,
  { items, numBefore }: Conversation,
): Pick<
  AnswerDemand,
  | 'messages'
  | 'tools'
  | 'toolChoice'
  | 'allowsParallelCalls'
  | 'outputFormat'
  | 'reasoning'
  | 'templateArguments'
> {
  const effort = input.reasoning?.effort ?? undefined;
  return {
    messages: toConversationMessages(input.instructions ?? undefined, items, numBefore),
    ...toToolDemand(input.tools ?? [], input.tool_choice ?? 'auto'),
    allowsParallelCalls: input.parallel_tool_calls ?? true,
    outputFormat: toGrammar(input.text?.format ?? undefined),
    reasoning: toReasoningDemand(effort, input.reasoning?.max_tokens),
    templateArguments: toTemplateArguments(effort),
  };
}

function toToolDemand(
  tools: NonNullable<SharedInput['tools']>,
  choice: ToolChoiceInput,
): { tools: ToolDefinition[]; toolChoice: ToolChoice } {
  const definitions = tools.flatMap((tool, index) =>
    isFunctionTool(tool) ? [toDefinition(tool, `tools[${index}]`)] : [],
  );
  if (typeof choice === 'string') return { tools: definitions, toolChoice: { type: choice } };
  if (choice.type === 'function') {
    return { tools: definitions, toolChoice: { type: 'named', name: choice.name } };
  }
  const allowed = new Set<string>();
  for (const [index, { type, name }] of choice.tools.entries()) {
    if (type !== 'function') continue;
    if (name === undefined || !definitions.some((tool) => tool.name === name)) {
      throw invalidField(`tool_choice.tools[${index}].name`, 'names a tool that is not in tools');
    }
    allowed.add(name);
  }
  return { tools: definitions.filter(({ name }) => allowed.has(name)), toolChoice: { type: choice.mode } };
}

function toDefinition(
  { name, description, parameters, strict }: FunctionTool,
  param: string,
): ToolDefinition {
  return {
    name,
    param,
    ...(typeof description === 'string' ? { description } : {}),
    ...(typeof parameters === 'object' && parameters !== null ? { parameters } : {}),
    ...(typeof strict === 'boolean' ? { strict } : {}),
  };
}

type FormatInput = NonNullable<NonNullable<SharedInput['text']>['format']>;

function toGrammar(format: FormatInput | undefined): GrammarSpec | undefined {
  if (format === undefined || format.type === 'text') return undefined;
  if (format.type === 'json_object') return { type: 'jsonObject' };
  return { type: 'jsonSchema', schema: format.schema, param: 'text.format.schema' };
}
