import type { BytePairEncoder } from './byte-pair-encoder.ts';
import { type Document, isConversation, type Role } from './documents.ts';

/** Begins a turn. */
const TURN_TOKENS: Readonly<Record<Role, string>> = { user: '<|user|>', assistant: '<|assistant|>' };

/** Ends a turn: `<|endoftext|>` ends a document, and a conversation goes on after a turn. */
export const END_OF_TURN = '<|end|>';

/** What a vocabulary has beside `<|endoftext|>` where the corpus has conversations. */
export const CHAT_TOKENS: readonly string[] = [...Object.values(TURN_TOKENS), END_OF_TURN];

/**
 * Jinja, for the service and for transformers: writes a conversation as `encodeDocument` does. The model knows two
 * roles. A system message stands before the text of the user's turn that follows; any other role is refused.
 */
export const CHAT_TEMPLATE =
  "{%- set system = namespace(text='') %}" +
  '{%- for message in messages %}' +
  "{%- if message.role == 'system' or message.role == 'developer' %}" +
  "{%- set system.text = system.text + (message.content | trim) + '\\n\\n' %}" +
  "{%- elif message.role == 'user' %}" +
  `{{- '${TURN_TOKENS.user}' + system.text + (message.content | trim) + '${END_OF_TURN}' }}` +
  "{%- set system.text = '' %}" +
  "{%- elif message.role == 'assistant' %}" +
  `{{- '${TURN_TOKENS.assistant}' + (message.content | trim) + '${END_OF_TURN}' }}` +
  '{%- else %}' +
  "{{- raise_exception('this model has turns of user and assistant, and none of ' + message.role) }}" +
  '{%- endif %}' +
  '{%- endfor %}' +
  `{%- if add_generation_prompt %}{{- '${TURN_TOKENS.assistant}' }}{%- endif %}`;

/** Ids of a document without the `<|endoftext|>` that ends it. Special tokens in its text are plain text. */
export function encodeDocument(encoder: BytePairEncoder, document: Document): Int32Array {
  if (!isConversation(document)) return encoder.encode(document);
  const endOfTurnId = encoder.specialId(END_OF_TURN);
  const turns = document.map(({ role, content }) => [
    encoder.specialId(TURN_TOKENS[role]),
    ...encoder.encode(content),
    endOfTurnId,
  ]);
  return Int32Array.from(turns.flat());
}

/** What an answer to a question goes on from. */
export function encodeQuestion(encoder: BytePairEncoder, question: string): Int32Array {
  const turn = encodeDocument(encoder, [{ role: 'user', content: question }]);
  return Int32Array.from([...turn, encoder.specialId(TURN_TOKENS.assistant)]);
}
