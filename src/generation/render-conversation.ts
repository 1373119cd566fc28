import { assertInvariant, EngineError, invalidField } from '../errors.ts';
import type { Engine } from '../engine/engine.ts';
import type { ReasoningFormat, ToolFormat } from '../chat-template/format/chat-format.ts';
import type { TextCaller } from '../chat-template/chat-template.ts';
import { checkTemplateArguments } from '../chat-template/template-arguments.ts';
import type { TemplateTool } from '../chat-template/renderer.ts';
import type { AnswerGrammarOptions } from './constraint/answer-grammar.ts';
import { lastTextOf } from '../chat-template/open-message.ts';
import { NO_PARAMETERS } from './constraint/argument-list.ts';
import type { Conversation } from './generation-request.ts';
import type { ToolDefinition } from './tools.ts';

/** A small model that chats, for the message to a client of one that does not. */
const CHAT_MODEL = 'HuggingFaceTB/SmolLM2-135M-Instruct';

/** A conversation as the model's template writes it, and how what follows it is to be read. */
export interface RenderedConversation {
  readonly prompt: string;
  /** The tools that the model is told of. */
  readonly tools: readonly ToolDefinition[];
  /** Undefined: no tools are offered. */
  readonly toolFormat: ToolFormat | undefined;
  readonly reasoning: ReasoningFormat | undefined;
  readonly reasoningState: AnswerGrammarOptions['reasoningState'];
  /** A reply stands in a format of its own, so that it is told from a call by its first characters. */
  readonly wrapsReply: boolean;
  /** Where one comes in an answer, the answer is over. */
  readonly stopStrings: readonly string[];
}

/**
 * What can be refused of a conversation before it takes a slot in the queue.
 *
 * @throws EngineError `invalid_request` where the model has no template, for template arguments that cannot be taken, and
 * for a last message that cannot be continued
 */
export function checkConversation(
  { tokenizer: { chatTemplate }, model }: Engine,
  conversation: Conversation,
): void {
  if (chatTemplate === undefined) {
    throw new EngineError(
      'invalid_request',
      `the model '${model.id}' has no chat template, so it cannot chat: pull one that can ` +
        `(npx tokenflare pull ${CHAT_MODEL}), start with CHAT_TEMPLATE=builtin, or send a text as prompt to ` +
        '/v1/completions or /ai/run/{model}',
      { param: 'messages' },
    );
  }
  checkTemplateArguments(conversation.templateArguments);
  if (conversation.continuesFinal) checkContinuation(conversation);
}

function checkContinuation({ messages, toolChoice }: Conversation): void {
  const index = messages.length - 1;
  const last = messages[index];
  const fault = (field: string, complaint: string): EngineError =>
    invalidField(`messages[${index}].${field}`, complaint);
  if (last?.role !== 'assistant') throw fault('role', "must be 'assistant' for a message that is continued");
  if (last['tool_calls'] !== undefined) throw fault('tool_calls', 'ends the message: it cannot be continued');
  if (toolChoice.type === 'auto' || toolChoice.type === 'none') return;
  throw invalidField('tool_choice', 'must be auto or none where the last message is continued');
}

/**
 * Renders a conversation by the model's template. With `tool_choice: none` the model is not told of the tools.
 *
 * @param hasFormat the answer must have a format
 * @throws EngineError `invalid_request` where the template refuses the messages, `weights_invalid` where it is broken
 */
export async function renderConversation(
  { tokenizer: { chatTemplate: template } }: Engine,
  conversation: Conversation,
  hasFormat: boolean,
  textCaller: TextCaller,
): Promise<RenderedConversation> {
  assertInvariant(template !== undefined, 'a conversation was checked before it is rendered');
  const { messages, toolChoice, continuesFinal } = conversation;
  const tools = toolChoice.type === 'none' ? [] : conversation.tools;
  const reasoning = await template.reasoningFormat(textCaller);
  const toolFormat = tools.length === 0 ? undefined : await template.toolFormat(textCaller);
  if (continuesFinal && toolFormat?.shape === 'json' && toolFormat.isGeneric) throw wrappedOnly();
  const wrapsReply = !hasFormat && toolChoice.type === 'auto';
  const templateArguments = withReasoningVariable(conversation, reasoning);
  const question = {
    messages,
    tools: tools.map(toTemplateTool),
    templateArguments,
    wrapsReply,
    continuesFinal,
  };
  const rendered = await template.render(question, textCaller);
  const said = continuesFinal ? lastTextOf(messages).trim() : '';
  const { prompt, reasoningState } = withReasoningState(rendered, said, conversation, reasoning);
  const { stopStrings } = template;
  return { prompt, tools, toolFormat, reasoning, reasoningState, wrapsReply, stopStrings };
}

const wrappedOnly = (): EngineError =>
  invalidField(
    'tools',
    'cannot be offered where the last message is continued: this model has no format of its own for calls, and is asked ' +
      'to answer by one JSON object',
  );

/**
 * The prompt, and where it ends.
 *
 * @param said what the message that is continued holds; empty: the answer begins behind the prompt
 */
function withReasoningState(
  rendered: string,
  said: string,
  conversation: Conversation,
  reasoning: ReasoningFormat | undefined,
): Pick<RenderedConversation, 'prompt' | 'reasoningState'> {
  if (reasoning === undefined) return { prompt: rendered, reasoningState: 'behind' };
  if (said !== '') {
    const isInside = said.lastIndexOf(reasoning.opening) > said.lastIndexOf(reasoning.closing);
    return { prompt: rendered, reasoningState: isInside ? 'inside' : 'behind' };
  }
  const prompt = withoutReasoning(rendered, conversation, reasoning);
  return { prompt, reasoningState: stateAtEnd(prompt.trimEnd(), reasoning) };
}

/** Templates read `parameters` of every tool. */
const toTemplateTool = ({ name, description, parameters = NO_PARAMETERS }: ToolDefinition): TemplateTool => ({
  type: 'function',
  function: { name, ...(description === undefined ? {} : { description }), parameters },
});

/** What a client writes into the template's own variable counts. */
function withReasoningVariable(
  { templateArguments, reasoning: { isEnabled } }: Conversation,
  reasoning: ReasoningFormat | undefined,
): Readonly<Record<string, unknown>> {
  if (isEnabled === undefined || reasoning?.variable === undefined) return templateArguments;
  return { [reasoning.variable]: isEnabled, ...templateArguments };
}

/**
 * The prompt of a model that is not to reason. Where its template has no variable for that, the prompt goes on with
 * reasoning that is empty and over, as the templates that have one write it.
 */
function withoutReasoning(
  prompt: string,
  { reasoning: { isEnabled } }: Conversation,
  { opening, closing, variable }: ReasoningFormat,
): string {
  if (isEnabled !== false || variable !== undefined) return prompt;
  const end = prompt.trimEnd();
  if (end.endsWith(closing)) return prompt;
  const start = end.endsWith(opening) ? end : prompt + opening;
  return `${start}\n\n${closing}\n\n`;
}

function stateAtEnd(
  prompt: string,
  { opening, closing }: ReasoningFormat,
): RenderedConversation['reasoningState'] {
  if (prompt.endsWith(closing)) return 'behind';
  return prompt.endsWith(opening) ? 'inside' : 'before';
}
