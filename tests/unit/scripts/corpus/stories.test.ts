import { describe, expect, it } from 'vitest';
import { planDocument, writeDocument, answersOf } from '../../../../scripts/corpus/document.ts';
import { PLOTS } from '../../../../scripts/corpus/plots/index.ts';
import { isInRounds, textOfRound, type Rounds } from '../../../../scripts/corpus/plots/plot.ts';
import { SeededRandom } from '../../../../scripts/corpus/random.ts';
import { correct } from '../../../../scripts/corpus/render.ts';
import {
  joinBeats,
  planStory,
  tellAfterwards,
  tellBefore,
  tellStory,
} from '../../../../scripts/corpus/story.ts';
import { wordsOf } from '../../../../scripts/corpus/text-quality.ts';

const SEEDS_EACH = 80;

/** All that is told and asked of a plot, for one seed. */
function textsOf(plot: (typeof PLOTS)[number], seed: number): { story: string; around: string[] } {
  const random = new SeededRandom(seed);
  const plan = planStory(random, plot);
  const story = joinBeats(tellStory(plan, random), random);
  const after = [...plot.more, ...plot.shorter, ...plot.lesson, ...plot.feel, ...plot.asks.flat()];
  return {
    story,
    around: [
      ...after.map((text) => tellAfterwards(plan, text, random)),
      ...plot.about.map((about) => tellBefore(plan, `A {kind} ${about}.`, random)),
      ...plot.things.map((thing) => tellBefore(plan, `A story with ${thing}.`, random)),
    ],
  };
}

/** What is wrong with the spelling of a text; a rule for each fault, none of them the renderer's. */
const FAULTS: readonly [name: string, pattern: RegExp][] = [
  ['a brace or bracket is left', /[{}[\]|]/],
  ['a word is missing', /undefined|null|NaN/],
  ['two spaces', / {2}/],
  ['a space before a sign', / [.,!?;]/],
  ['two signs', /[.,;]{2}|[,.][!?]|[!?][.,]/],
  ['an article before the wrong sound', /\b[Aa] (?:[aeio]|un|umb)(?!ne\b|nce\b)[a-z]*/],
  ['an article before a consonant', /\b[Aa]n [bcdfgjklmnpqrstvwxyz]/],
  ['two articles', /\b(?:a|an|the) (?:a|an|the)\b/i],
  ['a sentence begins small', /(?:^|[.!?] |\." )"?[a-z]/],
  ['a word twice', /\b(the|a|to|of|and|was|in|he|she) \1\b/i],
];

describe.each(PLOTS.map((plot) => [plot.name, plot] as const))('the plot %s', (_, plot) => {
  const all = Array.from({ length: SEEDS_EACH }, (__, seed) => textsOf(plot, seed));

  it.each(FAULTS)('has no text in which %s', (__, pattern) => {
    const texts = all.flatMap(({ story, around }) => [story, ...around]);
    expect(texts.filter((text) => pattern.test(text))).toEqual([]);
  });

  it('opens and closes what is said', () => {
    for (const { story } of all) expect(story.match(/"/g)?.length ?? 0).toSatisfy((n: number) => n % 2 === 0);
  });

  it('introduces nobody within what is said', () => {
    const inQuotes = all.flatMap(({ story }) => story.match(/"[^"]*"/g) ?? []);
    expect(inQuotes.filter((said) => /\ban? [a-z]+ [a-z]+ named\b/.test(said))).toEqual([]);
  });

  it('has 40 to 260 words, in at least half as many tellings as seeds', () => {
    for (const { story } of all) expect(wordsOf(story).length).toSatisfy((n: number) => n >= 40 && n <= 260);
    expect(new Set(all.map(({ story }) => story)).size).toBeGreaterThan(SEEDS_EACH / 2);
  });
});

describe('the plots', () => {
  it('are at least 28, each with beats of several phrasings', () => {
    expect(PLOTS.length).toBeGreaterThanOrEqual(28);
    expect(new Set(PLOTS.map(({ name }) => name)).size).toBe(PLOTS.length);
    for (const { steps } of PLOTS)
      for (const step of steps) if (!('kind' in step)) expect(step.length).toBeGreaterThanOrEqual(3);
  });
});

describe('rounds', () => {
  const inRounds = PLOTS.filter(isInRounds);

  it('are of several plots', () => expect(inRounds.length).toBeGreaterThan(10));

  it.each(inRounds.map((plot) => [plot.name, plot] as const))(
    'of %s meet others than hero and friend, each once, in the words of one frame',
    (_, plot) => {
      const step = plot.steps.find((one) => 'kind' in one && one.kind === 'rounds') as Rounds;
      for (let seed = 0; seed < 100; seed++) {
        const { slots, beats, hero, friend } = planStory(new SeededRandom(seed), plot);
        const met = ['whoA', 'whoB', 'whoC'].map((slot) => slots[slot]);
        expect(new Set(met).size).toBe(3);
        expect(met).not.toContain(hero.kind);
        expect(met).not.toContain(friend.kind);
        const told = beats.flat();
        const fitting = step.frames.filter((frame) =>
          [0, 1, 2].every((round) => told.includes(textOfRound(step, frame, round))),
        );
        expect(fitting).toHaveLength(1);
      }
    },
  );
});

describe('the renderer', () => {
  it.each([
    ['a owl and an fox', 'A owl and an fox'.replace('A owl', 'An owl').replace('an fox', 'a fox')],
    ['"no." the fox went', '"No." The fox went'],
    ['"why?" the fox asked.', '"Why?" the fox asked.'],
    ['"look!" the fox ran.', '"Look!" The fox ran.'],
    ['an unkind word. a one', 'An unkind word. A one'],
  ])('makes of %j %j', (text, corrected) => {
    expect(correct(text)).toBe(corrected);
  });
});

describe('a document', () => {
  it('is the same for the same seed and number, and another for others', () => {
    const write = (seed: number, index: number): string => {
      const plan = planDocument(seed, index);
      const random = new SeededRandom(plan.seed);
      const texts = plan.stories.map((story) => joinBeats(tellStory(story, random), random));
      return JSON.stringify(writeDocument(plan, texts));
    };
    const first = Array.from({ length: 50 }, (_, index) => write(3, index));
    expect(Array.from({ length: 50 }, (_, index) => write(3, index))).toEqual(first);
    expect(
      Array.from({ length: 50 }, (_, index) => write(4, index)).filter((one) => first.includes(one)),
    ).toEqual([]);
  });

  it('is one to five exchanges around stories and up to ten of echoes, the person first, each story answered whole', () => {
    for (let index = 0; index < 1000; index++) {
      const plan = planDocument(5, index);
      const texts = plan.stories.map((_, i) => `Story ${i}.`);
      const document = writeDocument(plan, texts);
      for (const text of texts) expect(answersOf(document)).toContain(text);
      if ('text' in document) continue;
      const roles = document.messages.map(({ role }) => role);
      expect(roles.length).toBeLessThanOrEqual(plan.kind === 'echo' ? 20 : 10);
      expect(roles).toEqual(roles.map((_, i) => (i % 2 === 0 ? 'user' : 'assistant')));
    }
  });

  it('answers only what its story has told', () => {
    for (let index = 0; index < 2000; index++) {
      const plan = planDocument(6, index);
      const random = new SeededRandom(plan.seed);
      const texts = plan.stories.map((story) => joinBeats(tellStory(story, random), random));
      const document = writeDocument(plan, texts);
      if ('text' in document) continue;
      const [ask, answer] = [...document.messages].slice(-2).map(({ content }) => content);
      const color = /^The [a-z]+ was (red|blue|green|yellow|white|brown)\.$/.exec(answer ?? '')?.[1];
      if (color !== undefined) expect(texts.join(' '), ask).toContain(color);
    }
  });
});
