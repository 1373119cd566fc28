import { describe, expect, it } from 'vitest';
import { withMeasures } from '../../../judge/card.ts';
import { measureTable, shownAnswers } from '../../../judge/measure-model.ts';
import { measuredPrompts } from '../../../judge/measure-prompts.ts';
import { answersBy, isPlainAnswer, isSensible, namesAll } from '../../../judge/measures.ts';

const long = (text: string): string => `${text} ${'And so it went on and on. '.repeat(8)}`;

describe('namesAll', () => {
  it.each([
    ['A walrus had a hat.', ['walrus'], true],
    ['Two walruses had hats.', ['walrus', 'hat'], true],
    ['A Walrus named Imogen lived here.', ['walrus', 'Imogen'], true],
    ['A wall was red.', ['walrus'], false],
    ['A walrus had a hat.', ['walrus', 'drum'], false],
    ['A drumstick lay there.', ['drum'], false],
  ])('says of %j and %j: %s', (text, wanted, isRight) => {
    expect(namesAll(long(text), wanted)).toBe(isRight);
  });

  it('wants a story', () => expect(namesAll('A walrus.', ['walrus'])).toBe(false));
});

describe('answersBy', () => {
  it.each([
    ['It was red.', 'red', true],
    ['It was blue.', 'red', false],
    ['He kept them in his pocket.', 'in her pocket', true],
    ['He kept them on a shelf.', 'in her pocket', false],
    ['Because he ran so fast.', 'he ran so fast', true],
    ['Because he slept.', 'he ran so fast', false],
    [
      'Once upon a time there was a shy fox named Pip.',
      'once upon a time there was a shy fox named pip.',
      true,
    ],
    ['There was a shy cat named Bo.', 'once upon a time there was a shy fox named pip.', false],
    ['There were twelve.', 'two', false],
  ])('says of %j by %j: %s', (answer, key, isRight) => {
    expect(answersBy(answer, key)).toBe(isRight);
  });
});

describe('isPlainAnswer', () => {
  it.each([
    ['I am sorry, I cannot do that. I can only tell stories.', true],
    ['I only know English. Shall I tell you a story?', true],
    ['The onion was happy.', false],
    ['Once upon a time there was a story.', false],
    ['I can tell you a story about', false],
    [long('I can tell you a story.'), false],
    ['', false],
  ])('says of %j: %s', (answer, isRight) => {
    expect(isPlainAnswer(answer)).toBe(isRight);
  });
});

describe('isSensible', () => {
  it.each([
    ['who', 'I am a small language model that tells stories.', true],
    ['who', 'The fox was called Pip.', false],
    ['can', 'I can tell you a story.', true],
    ['can', 'He could not do it.', false],
    ['thanks', 'You are welcome!', true],
    ['thanks', 'Good night!', false],
    ['hello', 'Hello! What should my story be about?', true],
    ['hello', 'The hen said hello.', false],
    ['goodbye', 'Good night! Sleep well.', true],
    ['goodbye', 'Once there was a fox.', false],
  ] as const)('says of %s and %j: %s', (kind, answer, isRight) => {
    expect(isSensible(kind, answer)).toBe(isRight);
  });
});

describe('the prompts', () => {
  const prompts = measuredPrompts();

  it('are 200, the same ones each time, each ending with the person', () => {
    expect(prompts).toHaveLength(200);
    expect(measuredPrompts().map(({ turns }) => turns)).toEqual(prompts.map(({ turns }) => turns));
    for (const { turns } of prompts) {
      expect(turns.length % 2).toBe(1);
      for (const turn of turns) expect(turn).not.toMatch(/\{[a-z]+\}|undefined|^$/i);
    }
  });

  it('ask what the story before them answers, and no empty or other answer is right', () => {
    const questions = prompts.filter(({ measure }) => measure.startsWith('question: '));
    expect(questions).toHaveLength(50);
    for (const { turns, isRight } of questions) {
      expect(isRight(turns[1] ?? ''), turns.join('\n')).toBe(true);
      expect(isRight('')).toBe(false);
      expect(isRight('I do not know that.')).toBe(false);
    }
  });

  it('count a story that says back what was asked for', () => {
    for (const { turns, isRight } of prompts.filter(({ measure }) => measure.startsWith('names'))) {
      expect(isRight(long(turns[0] ?? ''))).toBe(true);
      expect(isRight(long('A fox had a hat.'))).toBe(false);
    }
  });
});

describe('the table and the samples', () => {
  const answer = (measure: string, isRight: boolean, said: string) => ({ measure, turns: ['Ask'], answer: said, isRight }); // prettier-ignore
  const answers = [
    answer('small talk', true, 'one'),
    answer('question: who', true, 'two'),
    answer('question: what', false, 'three'),
  ];

  it('count each measure, and all questions together', () => {
    expect(measureTable(answers).trimEnd().split('\n').slice(2)).toEqual([
      '| small talk | 1 | 1 | 100 % |',
      '| questions about the story | 2 | 1 | 50 % |',
      '| question: who | 1 | 1 | 100 % |',
      '| question: what | 1 | 0 | 0 % |',
    ]);
  });

  it('are chosen by the seed', () => {
    const many = Array.from({ length: 30 }, (_, i) => answer('small talk', true, `answer ${i}`));
    expect(shownAnswers(many, 1)).toBe(shownAnswers(many, 1));
    expect(shownAnswers(many, 1)).not.toBe(shownAnswers(many, 2));
    expect(shownAnswers(many, 1).match(/answer \d+/g)).toHaveLength(10);
  });

  it('take the place of those that the card has, and leave the rest', () => {
    const card = '# A model\n\n## Measured\n\nold\n\n## Judged\n\nkept\n';
    const changed = withMeasures(card, 'the table\n', 'the samples', 3);
    expect(changed).toContain('the table');
    expect(changed).toContain('seed 3');
    expect(changed).not.toContain('old');
    expect(changed).toContain('## Judged\n\nkept');
    expect(withMeasures('# A model\n', 'the table\n', 'x', 1)).toMatch(/^# A model\n\n## Measured/);
  });
});
