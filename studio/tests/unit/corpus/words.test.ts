import { describe, expect, it } from 'vitest';
import { FACTS } from '../../../corpus/facts/index.ts';
import { ASKED } from '../../../corpus/follow-ups.ts';
import { ODD_ASKS } from '../../../corpus/odd.ts';
import { INDIRECT_FRAMES } from '../../../corpus/phrasing.ts';
import { ENDS_ASKED, SAID_ASKED, WHO_SAID_ASKED } from '../../../corpus/questions.ts';
import { SeededRandom } from '../../../corpus/random.ts';
import { aboutForm, anotherAboutForm, anotherForm, openForm } from '../../../corpus/request-forms.ts';
import { TALK_ASKS } from '../../../corpus/small-talk.ts';
import { tellDocument } from '../../../corpus/document.ts';
import { wordsOf } from '../../../corpus/text-quality.ts';
import { tellingVocabulary } from '../../../corpus/vocabulary.ts';
import { allOf, allTiers } from '../../../corpus/word-lists.ts';
import { drawWord, refuseTestWords, WORDS } from '../../../corpus/words.ts';
import { TEST_SET } from '../../../judge/test-set.ts';

const testWords = allOf(TEST_SET.words);

const random = new SeededRandom(1);
const REQUESTS = Array.from({ length: 20_000 }, () => [aboutForm, anotherAboutForm, anotherForm, openForm])
  .flat()
  .map((form) => form(random));

describe('the words of the corpus', () => {
  it('are nouns by the thousand, each in one class, written in small letters', () => {
    const nouns = Object.values(WORDS.nouns).flatMap(allTiers);
    expect(nouns.length).toBeGreaterThan(2500);
    expect(new Set(nouns).size).toBe(nouns.length);
    expect(nouns.filter((noun) => !/^[a-z]+(?:[ -][a-z]+)*$/.test(noun))).toEqual([]);
  });

  it('are drawn common or not as asked', () => {
    const random = new SeededRandom(1);
    const { animal } = WORDS.nouns;
    const drawn = Array.from({ length: 2000 }, () => drawWord(random, animal, 0.7));
    const common = drawn.filter((word) => animal.common.includes(word)).length / drawn.length;
    expect(common).toBeCloseTo(0.7, 1);
    expect(drawn.filter((word) => animal.rare.includes(word)).length).toBeGreaterThan(20);
  });
});

describe('the test set', () => {
  it('has no word of the lists, of the plots, or of what is said around them', () => {
    const learned = new Set([...allOf(WORDS).flatMap((word) => wordsOf(word)), ...tellingVocabulary()]);
    for (const ask of [...REQUESTS, ...ODD_ASKS, ...TALK_ASKS])
      for (const word of wordsOf(ask)) learned.add(word);
    expect(testWords.filter((word) => learned.has(word.toLowerCase()))).toEqual([]);
  });

  it('is in no document', () => {
    const held = new Set(testWords.map((word) => word.toLowerCase()));
    for (let index = 0; index < 1500; index++) {
      const text = JSON.stringify(tellDocument(9, index).document);
      expect(wordsOf(text).filter((word) => held.has(word))).toEqual([]);
    }
  });

  it('is refused by the lists', () => {
    expect(() => {
      refuseTestWords(['fox', 'walrus'], TEST_SET.words);
    }).toThrow(/walrus/);
    expect(() => {
      refuseTestWords(['walrus tooth'], TEST_SET.words);
    }).toThrow(/walrus tooth/);
    expect(() => {
      refuseTestWords(['fox'], TEST_SET.words);
    }).not.toThrow();
  });

  it('has none of the phrasings', () => {
    const plain = (text: string): string =>
      text
        .replace(/\{[A-Za-z]+\}|ABOUT|WHO|WORDS/g, ' x ')
        .toLowerCase()
        .replace(/[\p{P}\s]+/gu, ' ')
        .trim();
    const learned = new Set(
      [
        ...REQUESTS,
        ...ODD_ASKS,
        ...TALK_ASKS,
        ...FACTS.flatMap(({ questions }) =>
          questions.flatMap(({ asks, indirect }) => [
            ...asks,
            ...INDIRECT_FRAMES.flatMap((frame) => indirect.map((clause) => frame.replace('WHAT', clause))),
          ]),
        ),
        ...Object.values(ASKED).flat(),
        ...Object.values(ENDS_ASKED).flat(),
        ...SAID_ASKED,
        ...WHO_SAID_ASKED,
      ].map(plain),
    );
    const { stories, pairs, questions, odd, smallTalk } = TEST_SET;
    const test = [
      ...stories,
      ...pairs,
      ...Object.values(questions).flat(),
      ...odd,
      ...Object.values(smallTalk).flat(),
    ];
    expect(test.length).toBeGreaterThan(140);
    expect(test.filter((text) => learned.has(plain(text)))).toEqual([]);
  });
});
