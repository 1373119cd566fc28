import type { Message } from './stream-answer.ts';

/** What was said so far. */
export class Conversation {
  #system: string | undefined;
  readonly #turns: Message[] = [];

  constructor(system?: string) {
    this.#system = system;
  }

  get system(): string | undefined {
    return this.#system;
  }

  set system(text: string | undefined) {
    this.#system = text;
  }

  /** The messages with one more of the user, who has not been answered yet. */
  asking(text: string): Message[] {
    const system: Message[] = this.#system === undefined ? [] : [{ role: 'system', content: this.#system }];
    return [...system, ...this.#turns, { role: 'user', content: text }];
  }

  /** An answer, whole or stopped, becomes part of what was said. */
  answered(text: string, answer: string): void {
    this.#turns.push({ role: 'user', content: text }, { role: 'assistant', content: answer });
  }

  /** Forgets the last question and its answer. @returns the question; undefined when there is none */
  takeBack(): string | undefined {
    const [question] = this.#turns.splice(-2);
    return question?.content;
  }

  /** Forgets all but the system message. */
  reset(): void {
    this.#turns.length = 0;
  }
}
