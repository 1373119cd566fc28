import type { AnswerDemand } from '../../../src/chat/answer.ts';
import { PLAIN_REQUEST } from '../../../src/engine/plain-request.ts';
import { DEFAULT_SAMPLING_PARAMS, type SamplingParams } from '../../../src/sampling/sampling-params.ts';
import { checkToolChoice, checkToolNames } from './tools.ts';

/** What an answer is asked to, and how: the fields that a count of the prompt's tokens needs as well. */
export type ConversationParts = Pick<AnswerDemand, 'messages'> &
  Partial<
    Pick<
      AnswerDemand,
      'tools' | 'toolChoice' | 'allowsParallelCalls' | 'outputFormat' | 'reasoning' | 'templateArguments'
    >
  >;

/** The fields of a demand that every API asks for; the others have the values that change nothing. */
type AnswerParts = ConversationParts &
  Pick<AnswerDemand, 'maxTokens' | 'asksForMaxTokens' | 'timeoutMs'> &
  Partial<Omit<AnswerDemand, 'sampling'>> & {
    sampling: Partial<SamplingParams>;
    /** The field that names the one tool to be called, for messages. */
    toolNameParam?: string;
  };

/**
 * An answer to a conversation.
 *
 * @throws EngineError `invalid_request` for two tools of a name, and for a choice of a tool that there is not
 */
export function toAnswerDemand({
  sampling,
  toolNameParam = 'tool_choice.name',
  ...parts
}: AnswerParts): AnswerDemand {
  const { tools = [], toolChoice = { type: 'auto' } } = parts;
  checkToolNames(tools);
  checkToolChoice(tools, toolChoice, toolNameParam);
  return {
    ...PLAIN_REQUEST,
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

/**
 * The same of a request whose prompt's tokens are counted.
 *
 * @throws EngineError as `toAnswerDemand`
 */
export const toCountDemand = (conversation: ConversationParts, timeoutMs: number): AnswerDemand =>
  toAnswerDemand({ ...conversation, maxTokens: 1, asksForMaxTokens: false, timeoutMs, sampling: {} });
