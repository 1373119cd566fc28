import { CAST_WORDS, ELDERS, NAMES, PERSONS } from './cast.ts';
import { PLOTS } from './plots/index.ts';
import { ALL_OPENINGS, CHOSEN_ANEW, PLACES, SHARED_SLOTS } from './plots/shared.ts';
import { wordsOf } from './text-quality.ts';

/** All words of the plots, and what is always needed between them. */
export function corpusVocabulary(): Set<string> {
  const sources = [
    PLOTS,
    PLACES,
    SHARED_SLOTS,
    CHOSEN_ANEW,
    ALL_OPENINGS,
    NAMES,
    PERSONS,
    ELDERS,
    CAST_WORDS,
  ];
  const texts = stringsIn(sources).map((text) => text.replace(/\{[A-Za-z]+\}/g, ' '));
  return new Set(wordsOf([...texts, ...ALWAYS].join(' ')));
}

/** Pronouns and articles, which the plots have as slots. */
const ALWAYS = ['a an the he she it they him her his hers its their them himself herself itself'];

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}
