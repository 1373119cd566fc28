import { describe, expect, it } from 'vitest';
import { QUESTION_KINDS } from '../../../corpus/facts/fact.ts';
import { FACTS } from '../../../corpus/facts/index.ts';
import { followUps } from '../../../corpus/follow-ups.ts';
import { PLOTS } from '../../../corpus/plots/index.ts';
import { askUntold, endsOf, factQuestions, NOT_TOLD, sayingsOf } from '../../../corpus/questions.ts';
import { SeededRandom } from '../../../corpus/random.ts';
import { planStory, tellStory } from '../../../corpus/story.ts';
import { odd } from '../../../corpus/odd.ts';
import { isPlainAnswer } from '../../../judge/measures.ts';

const told = Array.from({ length: 600 }, (_, seed) => {
  const random = new SeededRandom(seed);
  const plan = planStory(random, random.pick(PLOTS));
  return { random, plan, story: tellStory(plan, random).join(' ') };
});

describe('facts', () => {
  it('answer ten kinds of question, with those about the ends', () => {
    const kinds = new Set(FACTS.flatMap(({ questions }) => questions.map(({ kind }) => kind)));
    expect([...kinds, 'first or last'].sort()).toEqual([...QUESTION_KINDS].sort());
  });

  it('are told in the story, and their answers are', () => {
    const questions = told.flatMap(({ plan, story, random }) =>
      factQuestions(plan, random).map((question) => ({ ...question, story: story.toLowerCase() })),
    );
    expect(questions.length).toBeGreaterThan(600);
    for (const { ask, answer, key, story } of questions) {
      expect(story, ask).toContain(key);
      expect(answer.toLowerCase(), ask).toContain(key);
    }
  });

  it('are asked for where they are not told, and then the story does not say it', () => {
    for (const { plan, random } of told) expect(NOT_TOLD).toContain(askUntold(plan, random).answer);
  });
});

describe('questions about the text', () => {
  it('are answered by its first and last sentence', () => {
    const random = new SeededRandom(1);
    const story = 'A fox lost his hat. "Where is it?" asked the fox. At last he found it.';
    expect(endsOf(story, random).map(({ id, answer }) => [id, answer])).toEqual([
      ['begin', 'A fox lost his hat.'],
      ['end', 'At last he found it.'],
    ]);
    expect(endsOf('"Hello!" said the fox. "I am here."', random)).toEqual([]);
  });

  it('are answered by who said what, where one spoke once', () => {
    const story =
      'The owl said no. "I am tired," said Tom. "Who has my hat?" asked the hen. "No," said the cow, "not me." "Oh," said the cat. "Oh," said the cat.';
    const said = sayingsOf(story, new SeededRandom(1));
    expect(said.filter(({ id }) => id === 'said what').map(({ answer }) => answer)).toEqual([
      'Tom said, "I am tired."',
      'The hen said, "Who has my hat?"',
    ]);
    expect(said.filter(({ id }) => id === 'said who').map(({ key }) => key)).toEqual(['tom', 'the hen']);
  });

  it('say only what was said', () => {
    const said = told.flatMap(({ story, random }) =>
      sayingsOf(story, random).map((one) => ({ ...one, story })),
    );
    expect(said.length).toBeGreaterThan(300);
    for (const { key, story } of said) expect(story.toLowerCase()).toContain(key.replace(/\.$/, ''));
  });
});

describe('follow-ups', () => {
  it('are as many as asked for, most of the time, each with another answer', () => {
    const all = told.map(({ plan, story, random }) => followUps(plan, story, 5, random));
    expect(all.filter(({ length }) => length === 5).length).toBeGreaterThan(all.length * 0.95);
    for (const some of all) expect(new Set(some.map(({ assistant }) => assistant)).size).toBe(some.length);
  });

  it('leave no slot and no bracket', () => {
    for (const { plan, story, random } of told)
      for (const { user, assistant } of followUps(plan, story, 6, random))
        expect(user + assistant).not.toMatch(/[{}[\]|]|undefined|\b(?:a|an|the) (?:a|an|the)\b/);
  });
});

describe('what the model cannot do', () => {
  const exchanges = Array.from({ length: 3000 }, (_, seed) => odd(new SeededRandom(seed)));

  it('is answered plainly', () => {
    for (const { assistant } of exchanges) expect(isPlainAnswer(assistant), assistant).toBe(true);
  });

  it('is asked in many words, with no slot left', () => {
    expect(new Set(exchanges.map(({ user }) => user)).size).toBeGreaterThan(1800);
    for (const { user } of exchanges) expect(user).not.toMatch(/NUM|THING|ANIMAL|TASK|PLACENAME|SPEECH|^$/);
  });
});
