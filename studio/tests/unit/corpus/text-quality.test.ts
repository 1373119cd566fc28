import { describe, expect, it } from 'vitest';
import { NearDuplicates } from '../../../corpus/near-duplicates.ts';
import { complaintOf, repeatedTrigrams } from '../../../corpus/text-quality.ts';

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
