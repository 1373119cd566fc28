import type { AnswerDemand, ReasoningDemand } from '../../../src/chat/answer.ts';
import type { ToolChoice, ToolDefinition } from '../../../src/chat/tools.ts';
import type { ModelInfo } from '../../../src/engine/engine.ts';
import { invalidField } from '../../../src/errors.ts';
import { toAnswerDemand, type ConversationParts } from '../../shared/schemas/answer-demand.ts';
import { mostReasoningTokens, toTemplateArguments } from '../../shared/schemas/reasoning-effort.ts';
import { toToolDefinition } from '../../shared/schemas/tools.ts';
import { toConversationMessages } from './conversation-messages.ts';
import type { CountTokensInput, MessageInput, ToolChoiceInput, ToolInput } from './message-request.ts';

/**
 * The one conversion from Anthropic's fields to the engine's. `max_tokens` yields to the context, as Anthropic's newer
 * models have it: agents ask for more than small models hold.
 *
 * @throws EngineError `invalid_request` where fields contradict each other
 */
export function toMessageDemand(input: MessageInput, model: ModelInfo, timeoutMs: number): AnswerDemand {
  const { max_tokens: maxTokens, thinking, messages } = input;
  if (thinking?.type === 'enabled' && thinking.budget_tokens >= maxTokens) {
    throw invalidField(
      'thinking.budget_tokens',
      `must be below max_tokens (${maxTokens}), not ${thinking.budget_tokens}`,
    );
  }
  if (messages.at(-1)?.role === 'assistant') {
    throw invalidField(
      'messages',
      'end with a message of the assistant: going on with its text is not supported',
    );
  }
  return toAnswerDemand({
    ...toConversationParts(input),
    maxTokens: Math.min(maxTokens, model.contextLength),
    asksForMaxTokens: false,
    timeoutMs,
    stop: input.stop_sequences ?? [],
    cacheSalt: input.cache_salt ?? undefined,
    sampling: {
      temperature: input.temperature ?? 1,
      topP: input.top_p ?? 1,
      topK: input.top_k ?? 0,
      seed: input.seed,
    },
  });
}

/**
 * What a message and the count of its tokens share.
 *
 * @throws EngineError `invalid_request` where fields contradict each other
 */
export function toConversationParts(input: CountTokensInput): ConversationParts {
  const { tool_choice: choice = { type: 'auto' }, output_config: output } = input;
  const format = output?.format ?? undefined;
  const reasoning = toReasoning(input);
  return {
    messages: toConversationMessages(input),
    tools: (input.tools ?? []).map(toDefinition),
    toolChoice: toToolChoice(choice),
    allowsParallelCalls: !(
      'disable_parallel_tool_use' in choice && choice.disable_parallel_tool_use === true
    ),
    outputFormat:
      format === undefined
        ? undefined
        : { type: 'jsonSchema', schema: format.schema, param: 'output_config.format.schema' },
    reasoning,
    templateArguments: reasoning.isEnabled === true ? toTemplateArguments(output?.effort ?? undefined) : {},
  };
}

/** Anthropic's models think where they are asked to. */
function toReasoning({ thinking, output_config: output }: CountTokensInput): ReasoningDemand {
  if (thinking === undefined || thinking.type === 'disabled')
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
