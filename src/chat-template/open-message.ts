import type { ChatMessage } from './chat-message.ts';

/** A conversation whose last message stays open, as transformers' `continue_final_message` has it. */

/** A text that no template writes by itself. */
const MARK = 'tokenflare goes on here';
/** Whether it is still there tells whether the template keeps white space at a message's end. */
const MARK_AND_SPACE = `${MARK} `;

/** The text at the end of the last message, which is continued. */
export function lastTextOf(messages: readonly ChatMessage[]): string {
  const content = messages.at(-1)?.content ?? '';
  return typeof content === 'string' ? content : (content.at(-1)?.text ?? '');
}

/** The messages, the last of which ends in a mark. */
export function withMark(messages: readonly ChatMessage[]): ChatMessage[] {
  return messages.map((message, index) => {
    if (index < messages.length - 1) return message;
    const { content } = message;
    const text = lastTextOf(messages) + MARK_AND_SPACE;
    if (typeof content !== 'object' || content === null) return { ...message, content: text };
    return { ...message, content: [...content.slice(0, -1), { type: 'text', text }] };
  });
}

/**
 * What a template wrote before the mark; undefined where it left the mark out. A template that takes white space off a
 * message's end would have taken off that before the mark, too.
 */
export function cutAtMark(rendered: string, messages: readonly ChatMessage[]): string | undefined {
  const end = rendered.lastIndexOf(MARK);
  if (end === -1) return undefined;
  const open = rendered.slice(0, end);
  const isBlank = lastTextOf(messages).trim() === '';
  return isBlank || rendered.startsWith(MARK_AND_SPACE, end) ? open : open.trimEnd();
}
