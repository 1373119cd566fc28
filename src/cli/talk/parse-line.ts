/** What a line that a person types asks for. */
export type ChatInput =
  | { readonly kind: 'say'; readonly text: string }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'help' }
  | { readonly kind: 'reset' }
  | { readonly kind: 'retry' }
  | { readonly kind: 'leave' }
  /** Without a text it shows the system message; `none` removes it. */
  | { readonly kind: 'system'; readonly text: string }
  | { readonly kind: 'unknown'; readonly name: string };

export const CHAT_COMMANDS: readonly (readonly [usage: string, meaning: string])[] = [
  ['/help', 'shows this'],
  ['/system TEXT', 'tells the model how to answer; without a text shows what it was told, none removes it'],
  ['/retry', 'asks the last question again'],
  ['/reset', 'forgets the conversation'],
  ['/exit', 'leaves, as Ctrl-D does'],
];

/** What begins and ends a text of several lines. */
export const QUOTES = '"""';

/** A whole text, once its lines have come. A line that begins with two slashes is a text that begins with one. */
export function parseLine(text: string): ChatInput {
  if (text.trim() === '') return { kind: 'nothing' };
  if (text.startsWith('//')) return { kind: 'say', text: text.slice(1) };
  if (!text.startsWith('/')) return { kind: 'say', text };
  const [name = '', ...rest] = text.trim().slice(1).split(' ');
  switch (name) {
    case 'help':
    case '?':
      return { kind: 'help' };
    case 'reset':
    case 'clear':
      return { kind: 'reset' };
    case 'retry':
      return { kind: 'retry' };
    case 'exit':
    case 'quit':
    case 'bye':
      return { kind: 'leave' };
    case 'system':
      return { kind: 'system', text: rest.join(' ').trim() };
    default:
      return { kind: 'unknown', name: `/${name}` };
  }
}
