import { ELDERS } from './cast.ts';
import { FACTS } from './facts/index.ts';
import { PLOTS } from './plots/index.ts';
import { ALL_OPENINGS, CHOSEN_ANEW, PLACES, SHARED_SLOTS } from './plots/shared.ts';
import { wordsOf } from './text-quality.ts';

/** All words that stories are told with, beside those of the lists (words.ts). */
export function tellingVocabulary(): Set<string> {
  const sources = [PLOTS, FACTS, PLACES, SHARED_SLOTS, CHOSEN_ANEW, ALL_OPENINGS, ELDERS];
  const texts = stringsIn(sources).map((text) => text.replace(/\{[A-Za-z]+\}/g, ' '));
  return new Set(wordsOf(texts.join(' ')));
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}
