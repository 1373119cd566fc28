import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withJudgement } from '../../../judge/card.ts';
import { readTexts } from '../../../judge/read-texts.ts';
import type { Sample } from '../../../judge/sample-model.ts';
import { tableOf } from '../../../judge/table.ts';
import { figuresOf, runsIn } from '../../../judge/text-figures.ts';

describe('figures of texts', () => {
  it('counts three-word sequences within a text and over all texts', () => {
    // a b c, b c a, c a b, a b c: the last stood there before. Then d e f.
    const { distinct3, repetition, numTexts, numWords } = figuresOf(['A b c. A b, c!', 'd e f'], {});
    expect({ numTexts, numWords }).toEqual({ numTexts: 2, numWords: 9 });
    expect(distinct3).toBeCloseTo(4 / 5);
    expect(repetition).toBeCloseTo((1 / 4 + 0) / 2);
  });

  it("knows a list's words, their forms with an apostrophe too", () => {
    const wordList = new Set(['the', 'fox', "didn't"]);
    expect(figuresOf(["The fox's hat didn't gloom"], { wordList }).knownWords).toBeCloseTo(3 / 5);
  });

  it('finds runs of eight words that are of the corpus', () => {
    const knownRuns = runsIn(['one two three four five six seven eight']);
    const { copied } = figuresOf(['One two three four five six seven eight nine.', 'a b c'], { knownRuns });
    expect(copied).toBeCloseTo(1 / 2);
  });

  it('says nothing of what it has no list for, and takes texts without words', () => {
    expect(figuresOf(['', '...'], {})).toEqual({
      numTexts: 2,
      numWords: 0,
      distinct3: 0,
      repetition: 0,
      knownWords: undefined,
      copied: undefined,
    });
  });

  it('makes a row of each group', () => {
    const figures = figuresOf(['a b c d'], { wordList: new Set(['a']) });
    const table = tableOf([{ name: 'x', bitsPerByte: 0.9, figures, ended: 0.5 }]);
    expect(table.split('\n').at(2)).toBe('| x | 1 | 0.900 | 0.000 | 1.000 | 50.0 % | 25.0 % | – |');
  });
});

describe("a model's card", () => {
  const sample = (prompt: string, text: string): Sample => ({ prompt, seed: 1, text, hasEnded: true });
  const judgement = {
    table: '| a |\n',
    texts: [sample('One day', 'One day\n\nit rained.')],
    answers: [sample('Who?', 'A fox.')],
  };

  it('has the table and the new samples in place of the old ones', () => {
    const card = withJudgement('# Title\n\n## Samples\n\nOld.\n', judgement);
    expect(card).toMatch(/^# Title\n\n## Judged\n\n\| a \|\n\n## Samples\n/);
    expect(card).not.toContain('Old');
    expect(card).toContain('> One day\n> \n> it rained.\n\n---\n\n**Who?**\n\n> A fox.\n');
  });

  it('is the same when it is judged again', () => {
    const card = withJudgement('# Title\n\n## Samples\n', judgement);
    expect(withJudgement(card, judgement)).toBe(card);
  });
});

describe('texts that are read beside', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'judge-'))));
  afterEach(() => rm(folder, { recursive: true }));

  it('takes stories of documents, and not the short answers', async () => {
    const story = `${'It was so. '.repeat(30)}The end.`;
    const file = join(folder, 'documents.jsonl');
    const turn = (role: string, content: string): object => ({ role, content });
    const documents = [
      { text: 'A story.' },
      { messages: [turn('user', story), turn('assistant', story), turn('assistant', 'Short.')] },
      { text: 'Too many.' },
    ];
    await writeFile(file, documents.map((one) => `${JSON.stringify(one)}\n`).join(''));
    expect(await readTexts(file, 2)).toEqual(['A story.', story]);
  });

  it('takes pieces of a book from its beginning on, each to the end of a sentence', async () => {
    const file = join(folder, 'book.txt');
    const paragraphs = Array.from({ length: 100 }, (_, i) => `Paragraph ${i} ends. It has “more to say.”`);
    await writeFile(file, paragraphs.join('\n\n'));
    const texts = await readTexts(file, 4);
    expect(texts.map((text) => text.split(' ')[1])).toEqual(['0', '25', '50', '75']);
    for (const text of texts) {
      expect(text).toMatch(/(ends\.|say\.”)$/);
      expect(text.length).toBeLessThanOrEqual(800);
      expect(text.length).toBeGreaterThan(700);
    }
  });
});
