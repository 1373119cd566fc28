import { describe, expect, it } from 'vitest';
import { answersOf, tellDocument } from '../../../corpus/document.ts';
import { PLOTS } from '../../../corpus/plots/index.ts';
import { isInRounds, textOfRound, type Rounds } from '../../../corpus/plots/plot.ts';
import { SeededRandom } from '../../../corpus/random.ts';
import { correct } from '../../../corpus/render.ts';
import { joinBeats, planStory, tellAfterwards, tellBefore, tellStory } from '../../../corpus/story.ts';
import { COLORS } from '../../../corpus/facts/fact.ts';
import { wordsOf } from '../../../corpus/text-quality.ts';

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
  ['an article before the wrong sound', /\b[Aa] (?:[aeio]|un|umb)(?!ne\b|nce\b|i)[a-z]*/],
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

  it('has 40 to 280 words, in at least half as many tellings as seeds', () => {
    for (const { story } of all) expect(wordsOf(story).length).toSatisfy((n: number) => n >= 40 && n <= 280);
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
        const met = ['whoA', 'whoB', 'whoC'].flatMap((slot) => slots[slot] ?? []);
        expect(step.counts).toContain(met.length);
        expect(new Set(met).size).toBe(met.length);
        expect(met).not.toContain(hero.kind);
        expect(met).not.toContain(friend.kind);
        const told = beats.flat();
        const fitting = step.frames.filter((frame) =>
          met.every((__, round) => told.includes(textOfRound(step, frame, round))),
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

/** The first two sentences, and the rest. */
function splitStory(story: string): string[] {
  const ends = [...story.matchAll(/[.!?]"?\s+(?=["A-Z])/g)].map(({ index }) => index);
  const at = ends[1] ?? story.length;
  return [story.slice(0, at + 1), story.slice(at + 1)];
}

describe('plots that are open to any noun', () => {
  const open = PLOTS.filter(({ x }) => x !== undefined);

  it('are at least 36, some of them of two nouns', () => {
    expect(open.length).toBeGreaterThanOrEqual(36);
    expect(open.filter(({ y }) => y !== undefined).length).toBeGreaterThanOrEqual(5);
  });

  it.each(open.map((plot) => [plot.name, plot] as const))(
    '%s names all that is asked for in the first two sentences and again later',
    (_, plot) => {
      const faults: string[] = [];
      for (let seed = 0; seed < 200; seed++) {
        const random = new SeededRandom(seed);
        const plan = planStory(random, plot);
        const [beginning = '', rest = ''] = splitStory(tellStory(plan, random).join(' ')).map((text) =>
          text.toLowerCase(),
        );
        const { hero, friend, slots } = plan;
        const words = {
          hero: hero.kind,
          friend: friend.kind,
          x: slots['x'],
          y: slots['y'],
          place: slots['placeNoun'],
        };
        for (const subject of plan.asked) {
          const word = words[subject] ?? '';
          expect(word).not.toBe('');
          const name = subject === 'hero' ? hero.name : subject === 'friend' ? friend.name : undefined;
          if (!beginning.includes(word)) faults.push(`${subject}: ${word}: ${beginning}`);
          const isThere = rest.includes(word) || rest.includes((name ?? word).toLowerCase());
          if (!isThere) faults.push(`${subject}: ${word}: ${rest}`);
        }
      }
      expect(faults).toEqual([]);
    },
  );
});

describe('a document', () => {
  it('is the same for the same seed and number, and another for others', () => {
    const tell = (seed: number, index: number): string =>
      JSON.stringify(tellDocument(seed, index, 0).document);
    const first = Array.from({ length: 50 }, (_, index) => tell(3, index));
    expect(Array.from({ length: 50 }, (_, index) => tell(3, index))).toEqual(first);
    const long = first.filter((text) => text.length > 500);
    expect(
      Array.from({ length: 50 }, (_, index) => tell(4, index)).filter((one) => long.includes(one)),
    ).toEqual([]);
  });

  it('is of turns, the person first, each story answered whole, and not longer than the context', () => {
    const lengths = Array.from({ length: 1500 }, (_, index) => {
      const { kind, document, stories } = tellDocument(5, index);
      for (const text of stories) expect(answersOf(document)).toContain(text);
      if ('text' in document) return 0;
      const roles = document.messages.map(({ role }) => role);
      expect(roles).toEqual(roles.map((_, i) => (i % 2 === 0 ? 'user' : 'assistant')));
      const numWords = document.messages.flatMap(({ content }) => content.split(' ')).length;
      if (kind === 'conversation') expect(numWords).toBeLessThanOrEqual(700);
      return numWords;
    });
    // Some fill a context of 1,024 tokens.
    expect(lengths.filter((length) => length > 550).length).toBeGreaterThan(50);
  });

  it('answers only what its story has told', () => {
    let numColors = 0;
    const untold: string[] = [];
    for (let index = 0; index < 1500; index++) {
      const { document } = tellDocument(6, index, 0);
      if ('text' in document) continue;
      document.messages.forEach(({ content, role }, i) => {
        if (role !== 'assistant') return;
        const color = /^(?:The [a-z ]+|It|They|His|Her)(?: [a-z]+)? (?:was|were) ([a-z]+)\.$/.exec(
          content,
        )?.[1];
        if (color === undefined || !COLORS.includes(color)) return;
        numColors++;
        const before = document.messages.slice(0, i).some((one) => one.content.includes(color));
        if (!before) untold.push(content);
      });
    }
    expect(untold).toEqual([]);
    expect(numColors).toBeGreaterThan(60);
  });
});
