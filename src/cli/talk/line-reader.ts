import { createInterface } from 'node:readline';

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
