import { conversation, type Conversation } from '../../../src/generation/generation-request.ts';
import { checkToolChoice, checkToolNames } from './tools.ts';

/** What an API says of a conversation. */
export type ConversationFields = Parameters<typeof conversation>[0] & {
  /** The field that names the one tool to be called, for messages. */
  readonly toolNameParam?: string;
};

/**
 * A conversation whose tools can be called as they were asked for.
 *
 * @throws EngineError `invalid_request` for two tools of a name, and for a choice of a tool that there is not
 */
export function toConversation({
  toolNameParam = 'tool_choice.name',
  ...fields
}: ConversationFields): Conversation {
  const made = conversation(fields);
  checkToolNames(made.tools);
  checkToolChoice(made.tools, made.toolChoice, toolNameParam);
  return made;
}
