import type { AnswerDemand } from '../../../src/chat/answer.ts';
import type { ToolChoice, ToolDefinition } from '../../../src/chat/tools.ts';
import { DEFAULT_SAMPLING_PARAMS, type SamplingParams } from '../../../src/sampling/sampling-params.ts';
import { invalidField } from '../../../src/errors.ts';

/** The fields of a demand that every API asks for; the others have the values that change nothing. */
export type AnswerParts = Pick<AnswerDemand, 'messages' | 'maxTokens' | 'asksForMaxTokens' | 'timeoutMs'> &
  Partial<Omit<AnswerDemand, 'sampling'>> & {
    sampling: Partial<SamplingParams>;
    /** The field that holds the choice of a tool, for messages. */
    toolChoiceParam?: string;
  };

/**
 * One answer to a conversation.
 *
 * @throws EngineError `invalid_request` for a choice of a tool that there is not
 */
export function toAnswerDemand({
  sampling,
  toolChoiceParam = 'tool_choice',
  ...parts
}: AnswerParts): AnswerDemand {
  const { tools = [], toolChoice = { type: 'auto' } } = parts;
  checkToolChoice(tools, toolChoice, toolChoiceParam);
  return {
    n: 1,
    minTokens: 0,
    ignoreEos: false,
    stop: [],
    numLogprobs: undefined,
    promptLogprobs: false,
    cacheSalt: undefined,
    truncateTo: undefined,
    allowsParallelCalls: true,
    outputFormat: undefined,
    reasoning: { isEnabled: undefined, maxTokens: undefined },
    templateArguments: {},
    ...parts,
    tools,
    toolChoice,
    sampling: { ...DEFAULT_SAMPLING_PARAMS, ...sampling },
  };
}

function checkToolChoice(tools: readonly ToolDefinition[], choice: ToolChoice, param: string): void {
  const names = new Set<string>();
  for (const { name, param: toolParam } of tools) {
    if (names.has(name)) throw invalidField(`${toolParam}.name`, 'is the name of two tools');
    names.add(name);
  }
  if (choice.type === 'required' && tools.length === 0) {
    throw invalidField(param, 'wants a tool to be called, and there are none');
  }
  if (choice.type === 'named' && !names.has(choice.name)) {
    throw invalidField(`${param}.name`, 'names a tool that is not in tools');
  }
}
