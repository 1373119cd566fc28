import { describe, expect, it } from 'vitest';
import { keyOf, PHRASE_BITS, pickCheap, sharesOf } from '../../../corpus/phrase-bits.ts';
import { PLOTS } from '../../../corpus/plots/index.ts';
import { phrasingsOf } from '../../../corpus/plots/plot.ts';
import { SeededRandom } from '../../../corpus/random.ts';
import { planStory, tellInPieces } from '../../../corpus/story.ts';
import { BitsTally } from '../../../corpus/weigh.ts';

const MANY_USES = 1e9;

describe('sharesOf', () => {
  it.each([
    ['without figures', [undefined, undefined, undefined, undefined]],
    ['with the same figure', [1.2, 1.2, 1.2]],
  ])('are even %s', (_, bits) => {
    const figures = bits.map((one) => (one === undefined ? undefined : ([MANY_USES, one] as const)));
    for (const share of sharesOf(figures, 6)) expect(share).toBeCloseTo(1 / bits.length, 12);
  });

  it('are a quarter of the even share, and the rest by exp(-beta * bits)', () => {
    const [cheap = 0, dear = 0] = sharesOf(
      [
        [MANY_USES, 1],
        [MANY_USES, 1.5],
      ],
      2,
    );
    expect(cheap + dear).toBeCloseTo(1, 12);
    expect((cheap - 0.125) / (dear - 0.125)).toBeCloseTo(Math.E, 6);
  });

  it('keep a quarter of the even share for the dearest', () => {
    const [, dearest] = sharesOf(
      [
        [MANY_USES, 1],
        [MANY_USES, 9],
      ],
      100,
    );
    expect(dearest).toBeCloseTo(0.125, 12);
  });

  it('count a phrasing without a figure as average', () => {
    const [low = 0, unknown = 0, high = 0] = sharesOf([[MANY_USES, 1], undefined, [MANY_USES, 2]], 3);
    expect(low).toBeGreaterThan(unknown);
    expect(unknown).toBeGreaterThan(high);
    expect(unknown).toBeCloseTo(
      sharesOf(
        [
          [MANY_USES, 1],
          [MANY_USES, 1.5],
          [MANY_USES, 2],
        ],
        3,
      )[1] ?? 0,
      6,
    );
  });

  it('trust a figure of few uses less', () => {
    const dearShare = (uses: number): number =>
      sharesOf(
        [
          [uses, 1],
          [uses, 2],
        ],
        2,
      )[1] ?? 0;
    expect(dearShare(1)).toBeGreaterThan(dearShare(20));
  });
});

it('pickCheap draws by the shares', () => {
  const options = ['a', 'b'].map((value) => ({ value, key: keyOf('group', value) }));
  const bits = { [keyOf('group', 'b')]: [MANY_USES, 9], [keyOf('group', 'a')]: [MANY_USES, 1] } as const;
  const random = new SeededRandom(1);
  const picks = Array.from({ length: 4000 }, () => pickCheap(options, bits, random).value);
  expect(picks.filter((pick) => pick === 'b').length / picks.length).toBeCloseTo(0.125, 1);
});

it('keyOf has another name for another text', () => {
  expect(keyOf('seed', 'It grew.')).toBe(keyOf('seed', 'It grew.'));
  expect(
    new Set([keyOf('seed', 'It grew.'), keyOf('seed', 'It grows.'), keyOf('rain', 'It grew.')]).size,
  ).toBe(3);
});

describe('tellInPieces', () => {
  it('traces each choice to the characters that it wrote', () => {
    const random = new SeededRandom(3);
    const pieces = Array.from({ length: 600 }, (_, i) => {
      const plan = planStory(random, PLOTS[i % PLOTS.length] as (typeof PLOTS)[number]);
      return tellInPieces(plan, random, {}, (beat) => random.pick(beat));
    }).flat();
    const found = pieces.flatMap(({ text, choices }) =>
      choices
        .filter(({ key }) => key.startsWith('suddenly '))
        .map(({ start, end }) => text.slice(start, end).toLowerCase()),
    );
    // The values of the slot, as plots/shared.ts has them.
    expect([...new Set(found)].sort()).toEqual(
      ['suddenly', 'all at once', 'just then', 'at that moment', 'at that very moment'].sort(),
    );
  });
});

describe('BitsTally', () => {
  it('gives a token to whom its last character belongs', () => {
    const tally = new BitsTally();
    const spans = [
      { key: 'first', start: 0, end: 7 },
      { key: 'second', start: 8, end: 15 },
    ];
    tally.add({ text: 'It ran. It hid.', spans }, [
      { start: 0, end: 2, bits: 0 },
      { start: 2, end: 7, bits: 4 },
      { start: 7, end: 10, bits: 6 },
      { start: 10, end: 15, bits: 2 },
    ]);
    expect(tally.figures()).toEqual({ first: [1, 0.571], second: [1, 1] });
    expect(tally.meanBitsPerByte).toBeCloseTo(12 / 15, 12);
  });

  it('goes on from figures of before, by their uses', () => {
    const tally = new BitsTally({ told: [3, 1] });
    tally.add({ text: 'It ran.', spans: [{ key: 'told', start: 0, end: 7 }] }, [
      { start: 0, end: 7, bits: 14 },
    ]);
    expect(tally.figures()).toEqual({ told: [4, 1.25] });
  });
});

describe('the committed figures', () => {
  const phrasings = PLOTS.flatMap(({ name, steps }) => phrasingsOf(steps).map((one) => keyOf(name, one)));

  it('are of most phrasings, and plausible', () => {
    const known = phrasings.filter((key) => key in PHRASE_BITS);
    expect(known.length / phrasings.length).toBeGreaterThan(0.8);
    for (const key of known)
      expect(PHRASE_BITS[key]?.[1]).toSatisfy((bits: number) => bits > 0.02 && bits < 3);
  });
});
