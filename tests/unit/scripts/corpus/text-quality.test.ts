import { describe, expect, it } from 'vitest';
import { placeForDetail, suits } from '../../../../scripts/corpus/infill.ts';
import { NearDuplicates } from '../../../../scripts/corpus/near-duplicates.ts';
import { SeededRandom } from '../../../../scripts/corpus/random.ts';
import { complaintOf, repeatedTrigrams, wordsOf } from '../../../../scripts/corpus/text-quality.ts';
import { corpusVocabulary } from '../../../../scripts/corpus/vocabulary.ts';

const BOUNDS = { minWords: 5, maxWords: 60 };
const GOOD = 'A fox lost his hat in the wind. "Where is it?" he asked. A bird had it in her nest.';

describe('complaintOf', () => {
  it.each([
    [GOOD, undefined],
    ['A fox ran.', 'too short'],
    ['The cat sat on a mat and ' + 'saw one more bird, '.repeat(20) + 'then slept.', 'too long'],
    ['A fox lost his hat in the wind and', 'unfinished'],
    ['A fox lost his café hat in the wind.', 'not plain'],
    ['He ran to the tree. He ran to the tree. He ran to the tree. He ran to the tree.', 'repeats'],
  ])('says of %j: %s', (text, complaint) => {
    expect(complaintOf(text, BOUNDS)).toBe(complaint);
  });

  it('finds words outside of a vocabulary', () => {
    const vocabulary = new Set(wordsOf(GOOD));
    expect(complaintOf(GOOD, { ...BOUNDS, vocabulary })).toBeUndefined();
    expect(complaintOf(GOOD.replace('wind', 'tornado'), { ...BOUNDS, vocabulary })).toBe('strange words');
  });

  it('finds what deflate makes small', () => {
    const text = Array.from({ length: 30 }, (_, i) => `Number ${i} went over the long bridge alone.`).join(
      ' ',
    );
    expect(complaintOf(text, { minWords: 5, maxWords: 500 })).toBe('repeats');
  });
});

it('repeatedTrigrams counts those that stood there before', () => {
  expect(repeatedTrigrams(['a', 'b', 'c', 'a', 'b', 'c'])).toBe(0.25);
  expect(repeatedTrigrams(['a'])).toBe(0);
});

describe('NearDuplicates', () => {
  const words = Array.from(
    { length: 60 },
    (_, i) => `w${'abcdefghij'.charAt(i % 10)}${'abcdefghij'.charAt(Math.floor(i / 10))}`,
  );

  it('refuses a text that shares most runs of eight words with one before', () => {
    const near = new NearDuplicates();
    expect(near.add(words.join(' '))).toBe(true);
    expect(near.add(words.join(' '))).toBe(false);
    expect(near.add(['other', ...words.slice(1)].join(' '))).toBe(false);
  });

  it('takes one that shares half of it with each of two', () => {
    const near = new NearDuplicates();
    const other = words.map((word) => `${word}x`);
    expect([near.add(words.join(' ')), near.add(other.join(' '))]).toEqual([true, true]);
    expect(near.add([...words.slice(0, 30), ...other.slice(30)].join(' '))).toBe(true);
  });
});

describe('a detail', () => {
  const vocabulary = corpusVocabulary();
  const story = 'Tom lost his hat. He looked under the bed and in the tall grass. The wind was cold.';

  it.each([
    ['The grass was still wet and cold.', true],
    ['The king looked at the grass.', false],
    ['The hat was gone for a long time.', false],
    ['He said that it was cold.', false],
    ['Anna looked for it in the garden.', false],
    ['The bear looked for it in the garden.', false],
    ['He looked under the bed for a long time.', false],
    ['The helicopter was very loud that day.', false],
    ['It was cold and it was cold and it was cold.', false],
    ['It was wet.', false],
  ])('%j suits the story: %s', (sentence, isTaken) => {
    expect(suits(sentence, story, vocabulary)).toBe(isTaken);
  });

  it('comes neither first nor near the end nor behind a question', () => {
    const beats = ['One.', 'Two?', 'Three.', 'Four.', 'Five.'];
    for (let seed = 0; seed < 20; seed++) expect(placeForDetail(beats, new SeededRandom(seed))).toBe(2);
    expect(placeForDetail(['One.', 'Two.'], new SeededRandom(1))).toBeUndefined();
  });
});
