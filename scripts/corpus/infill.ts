import { NAMES, PERSONS } from './cast.ts';
import { shinglesOf, wordsOf } from './text-quality.ts';
import type { SeededRandom } from './random.ts';

/** A detail of the teacher's goes behind one of these: not the first beat, not the last two, not behind a question. */
export function placeForDetail(beats: readonly string[], random: SeededRandom): number | undefined {
  const places = beats.flatMap((text, i) =>
    i > 0 && i < beats.length - 2 && /[.!]"?$/.test(text) ? [i] : [],
  );
  return places.length === 0 ? undefined : random.pick(places);
}

/** They speak for somebody, of the teller, or begin what the next beat does not know of. */
const NOT_A_DETAIL =
  /\b(?:said|asked|told|named|called|replied|i|you|we|me|my|your|our|not|never|no|gone|lost|found|died|dead|became|if|who|what)\b/i;

/** Whether the story can take the sentence: plain words, no one new, nothing that was told before. */
export function suits(sentence: string, story: string, vocabulary: ReadonlySet<string>): boolean {
  const words = wordsOf(sentence);
  if (words.length < 4 || words.length > 16 || NOT_A_DETAIL.test(sentence)) return false;
  if (words.some((word) => !vocabulary.has(word))) return false;
  const told = wordsOf(story);
  const known = new Set(told);
  if (words.some((word) => !known.has(word) && (STRANGERS.has(word) || !PLAIN.has(word)))) return false;
  // Capitals inside begin names.
  if (
    sentence
      .split(' ')
      .slice(1)
      .some((word) => /^[A-Z]/.test(word) && !NAMES_SET.has(word.replace('.', '')))
  )
    return false;
  if (new Set(words).size < words.length - 2) return false;
  const trigrams = shinglesOf(told, 3);
  return [...shinglesOf(words, 3)].every((trigram) => !trigrams.has(trigram));
}

/**
 * Words that a detail may have beside the story's own. With any words of the vocabulary the teacher brought in kings,
 * gold and families that the story knows nothing of.
 */
const PLAIN = new Set(
  [
    'a an the it its he she him her his they them their and but then there here was were had did could would to of',
    'in on at for with up down out over by from as so very too just only still all both one two again now soon',
    'little small big long short soft warm cold wet dry dark bright quiet loud slow fast old new tired happy glad sad',
    'scared proud calm brave careful slowly softly quickly gently quietly carefully happily looked sat stood walked',
    'smiled laughed waited felt heard saw listened moment minute while time day night sun wind sky air ground face eyes',
    'heart smile breath step deep high low around away back together alone it took made held put turned',
  ].flatMap((line) => line.split(' ')),
);
const NAMES_SET = new Set(NAMES);
/** Who must not come in if the story has them not. */
const STRANGERS: ReadonlySet<string> = new Set(
  [
    ...NAMES,
    ...PERSONS,
    'man',
    'woman',
    'king',
    'queen',
    'child',
    'baby',
    'brother',
    'sister',
    'he',
    'she',
    'they',
  ].map((name) => name.toLowerCase()),
);
