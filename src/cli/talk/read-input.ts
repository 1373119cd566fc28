import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

/** How a person ended a line: by Enter, by Ctrl-C, or by Ctrl-D on an empty one. */
export type ReadLine =
  | { readonly kind: 'line'; readonly text: string }
  | { readonly kind: 'interrupt'; readonly wasEmpty: boolean }
  | { readonly kind: 'end' };

/**
 * Reads lines from a terminal, with editing and with what was typed before. Between two lines the terminal is its own:
 * what is typed while an answer comes is echoed, and Ctrl-C is a signal.
 */
export class LineReader {
  readonly #output: NodeJS.WriteStream;
  #history: string[] = [];

  /** @param output a terminal, too */
  constructor(output: NodeJS.WriteStream) {
    this.#output = output;
  }

  read(prompt: string): Promise<ReadLine> {
    const lines = createInterface({
      input: process.stdin,
      output: this.#output,
      terminal: true,
      history: [...this.#history],
      historySize: 1000,
      removeHistoryDuplicates: true,
      prompt,
    });
    lines.on('history', (history) => (this.#history = history));
    return new Promise((resolve) => {
      let isOver = false;
      const end = (result: ReadLine): void => {
        if (isOver) return;
        isOver = true;
        lines.close();
        resolve(result);
      };
      lines.once('line', (text) => end({ kind: 'line', text }));
      lines.once('SIGINT', () => {
        this.#output.write('\n');
        end({ kind: 'interrupt', wasEmpty: lines.line === '' });
      });
      // By Ctrl-D, or since the terminal is gone.
      lines.once('close', () => end({ kind: 'end' }));
      lines.prompt();
    });
  }
}

/** What a line that a person types asks for. */
type ChatInput =
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

/** All of standard input, without the line break at its end; nothing where it is a terminal. */
export async function readInput(): Promise<string> {
  return process.stdin.isTTY ? '' : (await text(process.stdin)).replace(/\r?\n$/, '');
}
