import { readFile, writeFile } from 'node:fs/promises';
import { hasCode } from '../../src/values.ts';
import { IN_BRACKETS, keyOf, OPENING, type PhraseBits } from './phrase-bits.ts';
import { phrasingsOf, type Beat } from './plots/plot.ts';
import { PLOTS } from './plots/index.ts';
import { ALL_OPENINGS, CHOSEN_ANEW } from './plots/shared.ts';
import { FACTS } from './facts/index.ts';
import { SeededRandom } from './random.ts';
import { FACT, planStory, tellInPieces, type Piece, type StoryPlan } from './story.ts';
import { createTeacher, type CostlyToken } from './teacher.ts';

export interface WeighOptions {
  readonly out: string;
  /** Stories that are told and measured. */
  readonly count: number;
  readonly seed: number;
  readonly model: string;
  /** Stories at once. */
  readonly batch: number;
  readonly threads?: number | undefined;
  readonly report: (line: string) => void;
}

/** Characters of a story that a phrasing, or a choice within one, has written. */
interface Span {
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

interface TracedStory {
  readonly text: string;
  readonly spans: readonly Span[];
}

const EVERY_CHOICE_ALIKE: PhraseBits = {};

/**
 * Measures what the teacher pays for each phrasing, over stories that tell all of them about as often. Figures that the
 * file has already count by their uses; so after an edit a short run is enough. A run that is stopped leaves the figures
 * of its stories so far.
 */
export async function weigh(options: WeighOptions, signal: AbortSignal): Promise<void> {
  const { out, count, seed, model, batch, threads, report } = options;
  const before = stillTold(await readFigures(out));
  const stories = tellEvenly(count, seed, before);
  const tally = new BitsTally(before);
  const teacher = await createTeacher({ model, batch, threads });
  try {
    for (let start = 0; start < count && !signal.aborted; start += batch) {
      const some = stories.slice(start, start + batch);
      const tokens = await teacher.tokensOf(some.map(({ text }) => text));
      some.forEach((story, i) => tally.add(story, tokens[i] ?? []));
      await writeFile(out, toLines(tally.figures()));
      report(`${start + some.length} of ${count} stories, ${tally.meanBitsPerByte.toFixed(3)} bits per byte`);
    }
  } finally {
    await teacher.close();
  }
}

async function readFigures(file: string): Promise<PhraseBits> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as PhraseBits;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return {};
    throw error;
  }
}

/** Without what the plots no longer have. Words in brackets are few, and stay. */
function stillTold(figures: PhraseBits): PhraseBits {
  const groups: [group: string, options: readonly string[]][] = [
    ...PLOTS.map(({ name, steps }): [string, string[]] => [name, phrasingsOf(steps)]),
    ...Object.entries(CHOSEN_ANEW),
    [OPENING, ALL_OPENINGS],
    [FACT, FACTS.flatMap(({ tell }) => tell)],
  ];
  const told = new Set(groups.flatMap(([group, options]) => options.map((option) => keyOf(group, option))));
  return Object.fromEntries(
    Object.entries(figures).filter(([key]) => told.has(key) || key.startsWith(`${IN_BRACKETS} `)),
  );
}

/** The plots in turn; of each beat the phrasing that was told least. */
function tellEvenly(count: number, seed: number, before: PhraseBits): TracedStory[] {
  const random = new SeededRandom(seed);
  const uses = new Map(Object.entries(before).map(([key, [times]]) => [key, times]));
  return Array.from({ length: count }, (_, i) => {
    const plan = planStory(random, PLOTS[i % PLOTS.length] as (typeof PLOTS)[number]);
    const choose = (beat: Beat): string => leastTold(beat, plan, uses, random);
    return trace(tellInPieces(plan, random, EVERY_CHOICE_ALIKE, choose));
  });
}

/** @param uses is added to */
function leastTold(beat: Beat, { plot }: StoryPlan, uses: Map<string, number>, random: SeededRandom): string {
  const usesOf = (phrasing: string): number => uses.get(keyOf(plot.name, phrasing)) ?? 0;
  const least = Math.min(...beat.map(usesOf));
  const phrasing = random.pick(beat.filter((one) => usesOf(one) === least));
  uses.set(keyOf(plot.name, phrasing), least + 1);
  return phrasing;
}

function trace(pieces: readonly Piece[]): TracedStory {
  const spans: Span[] = [];
  let start = 0;
  for (const { key, text, choices } of pieces) {
    spans.push({ key, start, end: start + text.length });
    for (const choice of choices)
      spans.push({ key: choice.key, start: start + choice.start, end: start + choice.end });
    start += text.length + 1;
  }
  return { text: pieces.map(({ text }) => text).join(' '), spans };
}

/** What was paid for each key so far. */
export class BitsTally {
  /** Uses, and the sum of their bits per byte. */
  readonly #byKey = new Map<string, [uses: number, sum: number]>();
  #bits = 0;
  #bytes = 0;

  constructor(before: PhraseBits = {}) {
    for (const [key, [uses, bitsPerByte]] of Object.entries(before))
      this.#byKey.set(key, [uses, uses * bitsPerByte]);
  }

  /** A token belongs to where its last character stands: a space before a word goes with the word. */
  add({ text, spans }: TracedStory, tokens: readonly CostlyToken[]): void {
    for (const { key, start, end } of spans) {
      if (start === end) continue;
      const own = tokens.filter((token) => token.end > start && token.end <= end);
      const bits = own.reduce((sum, token) => sum + token.bits, 0);
      // The stories are plain ASCII. The space before it is one of its bytes.
      const bytes = end - start + (start > 0 ? 1 : 0);
      const [uses, sum] = this.#byKey.get(key) ?? [0, 0];
      this.#byKey.set(key, [uses + 1, sum + bits / bytes]);
    }
    this.#bits += tokens.reduce((sum, { bits }) => sum + bits, 0);
    this.#bytes += text.length;
  }

  /** Of the stories that were added. */
  get meanBitsPerByte(): number {
    return this.#bits / this.#bytes;
  }

  figures(): PhraseBits {
    return Object.fromEntries(
      [...this.#byKey]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, [uses, sum]]) => [key, [uses, Number((sum / uses).toFixed(3))] as const]),
    );
  }
}

/** JSON with a phrasing a line, so that a new measurement is a readable change. */
function toLines(figures: PhraseBits): string {
  const lines = Object.entries(figures).map(
    ([key, [uses, bits]]) => `  ${JSON.stringify(key)}: [${uses}, ${bits}]`,
  );
  return `{\n${lines.join(',\n')}\n}\n`;
}
