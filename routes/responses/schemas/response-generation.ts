import type { ModelInfo } from '../../../src/engine/engine.ts';
import { invalidField } from '../../../src/errors.ts';
import {
  generationRequest,
  type Conversation,
  type GenerationRequest,
} from '../../../src/generation/generation-request.ts';
import type { ToolChoice, ToolDefinition } from '../../../src/generation/tools.ts';
import type { GrammarSpec } from '../../../src/grammar/grammar-spec.ts';
import { toConversation } from '../../shared/schemas/conversation.ts';
import { toReasoningWish, toTemplateArguments } from '../../shared/schemas/reasoning-effort.ts';
import { allowedTools, toToolDefinition } from '../../shared/schemas/tools.ts';
import { toConversationMessages } from './conversation-messages.ts';
import type { ResponseEcho } from './response-body.ts';
import type { StoredItem } from './response-items.ts';
import {
  isFunctionTool,
  type InputTokensInput,
  type ResponseInput,
  type ToolChoiceInput,
} from './response-request.ts';
import { toSamplingFields } from '../../shared/schemas/sampling-fields.ts';

/** The items that an answer follows. */
export interface FollowedItems {
  readonly items: readonly StoredItem[];
  /** Those of them that come from earlier responses. */
  readonly numBefore: number;
}

/** What a request and the count of its tokens share. */
type SharedInput = Omit<InputTokensInput, 'input' | 'personality'>;

/**
 * The one conversion from OpenAI's fields to a request of this service.
 *
 * @throws EngineError `invalid_request` where fields contradict each other
 */
export function toResponseGeneration(
  input: ResponseInput,
  items: FollowedItems,
  model: ModelInfo,
  timeoutMs: number,
): GenerationRequest {
  const maxTokens = input.max_output_tokens ?? undefined;
  const { temperature, top_p, top_k } = input;
  if (input.truncation === 'auto' && maxTokens === undefined) {
    throw invalidField(
      'truncation',
      "'auto' needs max_output_tokens: else it is not known how many tokens fit",
    );
  }
  return generationRequest(
    toResponseConversation(input, items),
    {
      maxTokens: maxTokens ?? model.contextLength,
      timeoutMs,
      numLogprobs: asksForLogprobs(input) ? (input.top_logprobs ?? 0) : undefined,
      cacheSalt: input.cache_salt ?? undefined,
      priority: input.priority ?? 0,
      sampling: { ...toSamplingFields({ temperature, top_p, top_k }, model), seed: input.seed ?? undefined },
    },
    {
      asksForMaxTokens: maxTokens !== undefined,
      truncateTo: input.truncation === 'auto' ? 'fit' : undefined,
      format: toResponseFormat(input),
    },
  );
}

/** A number of alternatives asks for logprobs as well. */
export const asksForLogprobs = ({ include, top_logprobs: numTop }: ResponseInput): boolean =>
  (include ?? []).includes('message.output_text.logprobs') || (numTop ?? 0) > 0;

/** How a client wants the reasoning summed up; undefined: not at all. */
const summaryOf = ({ reasoning }: Pick<ResponseInput, 'reasoning'>): string | undefined =>
  reasoning?.summary ?? reasoning?.generate_summary ?? undefined;

/** What a response repeats of its request. */
export function toEcho(
  input: ResponseInput,
  { id, generationDefaults: defaults }: Pick<ModelInfo, 'id' | 'generationDefaults'>,
): ResponseEcho {
  const { reasoning } = input;
  const tools = (input.tools ?? []).filter(isFunctionTool);
  return {
    background: false,
    instructions: input.instructions ?? null,
    max_output_tokens: input.max_output_tokens ?? null,
    max_tool_calls: input.max_tool_calls ?? null,
    metadata: input.metadata ?? {},
    model: id,
    parallel_tool_calls: input.parallel_tool_calls ?? true,
    previous_response_id: input.previous_response_id ?? null,
    prompt_cache_key: input.prompt_cache_key ?? null,
    reasoning: { effort: reasoning?.effort ?? null, summary: summaryOf(input) ?? null },
    store: input.store ?? true,
    temperature: input.temperature ?? defaults?.temperature ?? 1,
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
    top_p: input.top_p ?? defaults?.topP ?? 1,
    truncation: input.truncation ?? 'disabled',
    user: input.user ?? null,
  };
}

/**
 * What a response and the count of its tokens share.
 *
 * @throws EngineError `invalid_request` where fields contradict each other
 */
export function toResponseConversation(
  input: SharedInput,
  { items, numBefore }: FollowedItems,
): Conversation {
  const effort = input.reasoning?.effort ?? undefined;
  return toConversation({
    messages: toConversationMessages(input.instructions ?? undefined, items, numBefore),
    ...chooseTools(toTools(input.tools ?? []), input.tool_choice ?? 'auto'),
    allowsParallelCalls: input.parallel_tool_calls ?? true,
    reasoning: toReasoningWish(effort, input.reasoning?.max_tokens),
    templateArguments: toTemplateArguments(effort),
  });
}

const toTools = (tools: NonNullable<SharedInput['tools']>): ToolDefinition[] =>
  tools.flatMap((tool, index) => (isFunctionTool(tool) ? [toToolDefinition(tool, `tools[${index}]`)] : []));

/** @throws EngineError `invalid_request` where a tool is allowed that is not there */
export function chooseTools(
  definitions: ToolDefinition[],
  choice: ToolChoiceInput,
): { tools: ToolDefinition[]; toolChoice: ToolChoice } {
  if (typeof choice === 'string') return { tools: definitions, toolChoice: { type: choice } };
  if (choice.type === 'function') {
    return { tools: definitions, toolChoice: { type: 'named', name: choice.name } };
  }
  const allowed = choice.tools.flatMap(({ type, name = '' }, index) =>
    type === 'function' ? [{ name, param: `tool_choice.tools[${index}].name` }] : [],
  );
  return { tools: allowedTools(definitions, allowed), toolChoice: { type: choice.mode } };
}

/** What the answer must look like; undefined: any text. */
export function toResponseFormat({ text }: SharedInput): GrammarSpec | undefined {
  const format = text?.format ?? undefined;
  if (format === undefined || format.type === 'text') return undefined;
  if (format.type === 'json_object') return { type: 'jsonObject' };
  return { type: 'jsonSchema', schema: format.schema, param: 'text.format.schema' };
}
