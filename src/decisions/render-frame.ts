import { randomUUID } from 'node:crypto';
import type { ChatMessage, Engine } from '../engine/engine.ts';
import { EngineError } from '../errors.ts';
import { codeLocationOf } from '../logged-error.ts';
import type { TextCaller } from '../chat-template/chat-template.ts';
import type { ServedTokenizer } from '../text/served-tokenizer.ts';

/** What stands around a question in a prompt. */
export interface Frame {
  readonly before: string;
  readonly after: string;
  /** A chat template wrote it, with the special tokens that belong there. */
  readonly isRendered: boolean;
}

/** A conversation whose last message, the user's, goes on with the question. */
export interface OpenConversation {
  readonly messages: readonly ChatMessage[];
  /** The beginning of the last message. */
  readonly lastContent: string;
}

const PLAIN_AFTER = '\n\nAnswer:';

/**
 * A conversation as a model reads it, open for a question: written once by the model's chat template, whatever number of
 * questions is put into it. A model without a template reads a text that it may go on with.
 *
 * @throws EngineError `invalid_request` of the field `param` where the template refuses the messages or does not write
 * the last one as it is; `weights_invalid` where it is broken; the signal's reason once that is aborted
 */
export async function renderFrame(
  { tokenizer: { chatTemplate } }: Engine,
  { messages, lastContent }: OpenConversation,
  param: string,
  caller: TextCaller,
): Promise<Frame> {
  // The built-in one is for chats.
  if (chatTemplate === undefined || chatTemplate.origin === 'builtin') {
    const before = transcript([...messages, { role: 'user', content: lastContent }]);
    return { before, after: PLAIN_AFTER, isRendered: false };
  }
  const mark = randomUUID();
  const last = { role: 'user', content: lastContent + mark };
  const rendered = await chatTemplate
    // The answer begins at once, where the template knows of thinking.
    .render({ messages: [...messages, last], templateArguments: { enable_thinking: false } }, caller)
    .catch((thrown: unknown) => {
      throw ofField(thrown, param);
    });
  const [before, after, ...others] = rendered.split(mark);
  if (before !== undefined && after !== undefined && others.length === 0) {
    return { before, after, isRendered: true };
  }
  throw new EngineError(
    'invalid_request',
    `${param} cannot be asked about: the model's chat template does not write the last message once and as it is`,
    { param },
  );
}

/** The template knows no fields but the messages of a chat. */
function ofField(thrown: unknown, param: string): unknown {
  if (!(thrown instanceof EngineError) || thrown.param === undefined) return thrown;
  const { code, message, mayQuote } = thrown;
  return new EngineError(code, message, {
    param,
    mayQuote,
    codeLocation: codeLocationOf(thrown),
    cause: thrown,
  });
}

/** One message alone is a text like any other. */
function transcript(messages: readonly ChatMessage[]): string {
  const textOf = ({ content, tool_calls: calls }: ChatMessage): string =>
    [
      ...(typeof content === 'string' ? [content] : (content ?? []).map(({ text }) => text)),
      ...(calls === undefined ? [] : [JSON.stringify(calls)]),
    ]
      .filter((text) => text !== '')
      .join('\n');
  if (messages.length === 1) return messages.map(textOf).join('');
  return messages.map((message) => `${message.role}: ${textOf(message)}`).join('\n\n');
}

interface PartOptions {
  /** `start`: prompts begin with the texts. `continuation`: they go on with them behind a word. */
  position: 'start' | 'continuation';
  /** The tokenizer adds its begin-of-text; a chat template wrote it itself. */
  addSpecialTokens?: boolean;
}

/**
 * The token ids of texts that are parts of prompts.
 * @throws EngineError what the tokenizer throws
 */
export async function encodeParts(
  tokenizer: ServedTokenizer,
  texts: readonly string[],
  { position, addSpecialTokens = false }: PartOptions,
  caller: TextCaller,
): Promise<(readonly number[])[]> {
  // SentencePiece puts a space in front of each text: it takes the place of the text's own.
  const hasOwnSpace = position === 'continuation' && tokenizer.stripsLeadingSpace;
  const parts = hasOwnSpace ? texts.map((text) => (text.startsWith(' ') ? text.slice(1) : text)) : texts;
  const options = { addSpecialTokens };
  const encoded = tokenizer.encodeNow(parts, options) ?? (await tokenizer.encode(parts, options, caller));
  return encoded.map(({ tokenIds }) => tokenIds);
}
