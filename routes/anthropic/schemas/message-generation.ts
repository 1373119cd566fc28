import type { ModelInfo } from '../../../src/engine/engine.ts';
import { invalidField } from '../../../src/errors.ts';
import {
  generationRequest,
  type Conversation,
  type GenerationRequest,
  type ReasoningWish,
} from '../../../src/generation/generation-request.ts';
import type { ToolChoice, ToolDefinition } from '../../../src/generation/tools.ts';
import type { GrammarSpec } from '../../../src/grammar/grammar-spec.ts';
import { toConversation } from '../../shared/schemas/conversation.ts';
import { ofSchema, onlyFormat } from '../../shared/schemas/output-format.ts';
import { mostReasoningTokens, toTemplateArguments } from '../../shared/schemas/reasoning-effort.ts';
import { toToolDefinition } from '../../shared/schemas/tools.ts';
import { toConversationMessages } from './conversation-messages.ts';
import type {
  CountTokensInput,
  MessageInput,
  MessageParam,
  ToolChoiceInput,
  ToolInput,
} from './message-request.ts';
import { toSamplingFields } from '../../shared/schemas/sampling-fields.ts';

/**
 * The one conversion from Anthropic's fields to a request of this service. `max_tokens` yields to the context, as Anthropic's newer
 * models have it: agents ask for more than small models hold.
 *
 * @throws EngineError `invalid_request` where fields contradict each other
 */
export function toMessageGeneration(
  input: MessageInput,
  model: ModelInfo,
  timeoutMs: number,
): GenerationRequest {
  const { max_tokens: maxTokens, thinking } = input;
  if (thinking?.type === 'enabled' && thinking.budget_tokens >= maxTokens) {
    throw invalidField(
      'thinking.budget_tokens',
      `must be below max_tokens (${maxTokens}), not ${thinking.budget_tokens}`,
    );
  }
  checkLastMessage(input);
  return generationRequest(
    toMessageConversation(input),
    {
      maxTokens: Math.min(maxTokens, model.contextLength),
      timeoutMs,
      stop: input.stop_sequences ?? [],
      cacheSalt: input.cache_salt ?? undefined,
      sampling: { ...toSamplingFields(input, model), seed: input.seed ?? undefined },
    },
    { asksForMaxTokens: false, format: toMessageFormat(input) },
  );
}

/** A last message of the assistant is continued, as with Anthropic's models that take one. */
function checkLastMessage({ messages, thinking }: MessageInput): void {
  const last = messages.at(-1);
  if (last?.role !== 'assistant') return;
  if (callsTool(last))
    throw invalidField(`messages[${messages.length - 1}].content`, 'has a tool_use without its tool_result');
  if ((thinking?.type ?? 'disabled') !== 'disabled')
    throw invalidField('thinking', 'must be disabled where the last message is of the assistant');
}

const callsTool = ({ content }: MessageParam): boolean =>
  typeof content !== 'string' && content.some(({ type }) => type === 'tool_use');

/**
 * What a message and the count of its tokens share.
 *
 * @throws EngineError `invalid_request` where fields contradict each other
 */
export function toMessageConversation(input: CountTokensInput): Conversation {
  const { output_config: output } = input;
  const choice: ToolChoiceInput = input.tool_choice ?? { type: 'auto' };
  const reasoning = toReasoning(input);
  const last = input.messages.at(-1);
  return toConversation({
    messages: toConversationMessages(input),
    tools: (input.tools ?? []).map(toDefinition),
    toolChoice: toToolChoice(choice),
    allowsParallelCalls: !(
      'disable_parallel_tool_use' in choice && choice.disable_parallel_tool_use === true
    ),
    reasoning,
    continuesFinal: last?.role === 'assistant' && !callsTool(last),
    templateArguments: reasoning.isEnabled === true ? toTemplateArguments(output?.effort ?? undefined) : {},
  });
}

/**
 * What the answer must look like; undefined: any text.
 *
 * @throws EngineError `invalid_request` where two fields say different things
 */
export const toMessageFormat = (input: CountTokensInput): GrammarSpec | undefined =>
  onlyFormat([
    ['output_config.format', ofSchema(input.output_config?.format?.schema, 'output_config.format.schema')],
    ['output_format', ofSchema(input.output_format?.schema, 'output_format.schema')],
  ]);

/** Anthropic's models think where they are asked to. */
function toReasoning({ thinking, output_config: output }: CountTokensInput): ReasoningWish {
  if (thinking === undefined || thinking === null || thinking.type === 'disabled')
    return { isEnabled: false, maxTokens: undefined };
  const budget = thinking.type === 'enabled' ? thinking.budget_tokens : undefined;
  return { isEnabled: true, maxTokens: mostReasoningTokens(output?.effort ?? undefined, budget) };
}

function toToolChoice(choice: ToolChoiceInput): ToolChoice {
  switch (choice.type) {
    case 'any':
      return { type: 'required' };
    case 'tool':
      return { type: 'named', name: choice.name };
    case 'auto':
    case 'none':
      return { type: choice.type };
  }
}

function toDefinition({ input_schema: parameters, ...tool }: ToolInput, index: number): ToolDefinition {
  const param = `tools[${index}]`;
  return {
    ...toToolDefinition({ ...tool, parameters }, param),
    parametersParam: `${param}.input_schema`,
  };
}
