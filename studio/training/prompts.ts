import type { Source } from './corpus.ts';
import { isConversation } from './documents.ts';

/** Words of a prompt: enough to tell what kind of text goes on. */
const NUM_WORDS = 6;

/**
 * What samples of a model begin with: the first words of sentences of books and of whole documents that the model has
 * not seen, from places that lie evenly over them. Fewer where there are not so many.
 */
export function promptsOf(sources: readonly Source[], numPrompts: number): string[] {
  const beginnings = sources.flatMap(({ kind, heldOut }) => {
    const texts = heldOut.flatMap((document) => (isConversation(document) ? [] : [document]));
    return kind === 'book' ? texts.flatMap(sentencesIn) : texts;
  });
  return evenly(beginnings.map(firstWords), numPrompts);
}

/** First questions of conversations that the model has not seen, chosen as `promptsOf` chooses. */
export function questionsOf(sources: readonly Source[], numQuestions: number): string[] {
  const conversations = sources.flatMap(({ heldOut }) => heldOut.filter(isConversation));
  return evenly(
    conversations.map(([first]) => first?.content ?? ''),
    numQuestions,
  );
}

function evenly(texts: readonly string[], count: number): string[] {
  const step = texts.length / count;
  const places = Array.from({ length: count }, (_, i) => texts[Math.floor(i * step)] ?? '');
  return [...new Set(places)].filter((text) => text !== '');
}

/** The held-out part begins in the middle of a sentence, which is left out unless it is all there is. */
function sentencesIn(text: string): string[] {
  const sentences = text.split(/(?<=[.!?]["'”’)]*)\s+|\n\s*\n/);
  return sentences.length > 1 ? sentences.slice(1) : sentences;
}

function firstWords(text: string): string {
  return text.trim().split(/\s+/).slice(0, NUM_WORDS).join(' ');
}
