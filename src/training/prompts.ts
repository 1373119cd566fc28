import type { Book } from './corpus.ts';

/** Words of a prompt: enough to tell what kind of text goes on. */
const NUM_WORDS = 6;

/**
 * What samples of a model begin with: the first words of sentences of the texts that it has not seen, from places that
 * lie evenly over them. Fewer where there are not so many sentences.
 */
export function promptsOf(books: readonly Book[], numPrompts: number): string[] {
  const sentences = books.flatMap(({ heldOutText }) => beginningsIn(heldOutText));
  const step = sentences.length / numPrompts;
  const places = Array.from({ length: numPrompts }, (_, i) => sentences[Math.floor(i * step)] ?? '');
  return [...new Set(places)].filter((prompt) => prompt !== '');
}

/** The held-out part begins in the middle of a sentence, which is left out unless it is all there is. */
function beginningsIn(text: string): string[] {
  const sentences = text.split(/(?<=[.!?]["'”’)]*)\s+|\n\s*\n/);
  const whole = sentences.length > 1 ? sentences.slice(1) : sentences;
  return whole.map((sentence) => sentence.trim().split(/\s+/).slice(0, NUM_WORDS).join(' '));
}
