import { placeForDetail, suits } from './infill.ts';
import { SeededRandom } from './random.ts';
import { joinBeats, tellStory, type StoryPlan } from './story.ts';
import type { Teacher } from './teacher.ts';

/** A story as it is told, and what the teacher did for it. */
export interface ToldStory {
  readonly text: string;
  /** By the teacher, of the drafts that it judged. */
  readonly bitsPerByte?: number | undefined;
  /** The sentence that the teacher wrote. */
  readonly detail?: string | undefined;
}

export interface TellingOptions {
  /** Drafts of a story that is judged; the least surprising one is taken. */
  readonly numDrafts: number;
  /** Of the stories that the teacher judges; of the others the first draft is taken. */
  readonly judgedShare: number;
  /** Of the judged stories that the teacher may write a sentence into. */
  readonly detailShare: number;
  readonly vocabulary: ReadonlySet<string>;
}

export interface StoryToTell {
  readonly plan: StoryPlan;
  readonly seed: number;
}

/** A story on its way. */
interface Telling {
  readonly random: SeededRandom;
  readonly drafts: readonly (readonly string[])[];
  readonly wantsDetail: boolean;
  beats: readonly string[];
  bits?: number;
  detail?: string;
}

const CANDIDATES = 4;
/** Of the candidates that suit, those that are judged. */
const MAX_JUDGED_CANDIDATES = 2;
/** Bits that each byte of a detail may add to what the whole story costs the teacher; machine text has about 1.2. */
const MAX_DETAIL_BITS = 1;

/** Tells a batch of stories; without a teacher by the machine alone. */
export async function tellStories(
  stories: readonly StoryToTell[],
  options: TellingOptions,
  teacher?: Teacher,
): Promise<ToldStory[]> {
  const tellings = stories.map(({ plan, seed }) => draft(plan, seed, options, teacher !== undefined));
  if (teacher !== undefined) {
    await chooseDrafts(tellings, teacher);
    await addDetails(tellings, options.vocabulary, teacher);
  }
  return tellings.map(({ beats, bits, detail, random }) => ({
    text: joinBeats(beats, random),
    bitsPerByte: bits === undefined ? undefined : Number((bits / byteLength(beats)).toFixed(4)),
    detail,
  }));
}

function draft(plan: StoryPlan, seed: number, options: TellingOptions, hasTeacher: boolean): Telling {
  const random = new SeededRandom(seed);
  const isJudged = random.chance(options.judgedShare) && hasTeacher;
  const wantsDetail = random.chance(options.detailShare) && isJudged;
  const drafts = Array.from({ length: isJudged ? options.numDrafts : 1 }, () => tellStory(plan, random));
  return { random, drafts: isJudged ? drafts : [], wantsDetail, beats: drafts[0] ?? [] };
}

async function chooseDrafts(tellings: readonly Telling[], teacher: Teacher): Promise<void> {
  const drafts = tellings.flatMap((telling) => telling.drafts.map((beats) => ({ telling, beats })));
  const bits = await bitsOf(
    teacher,
    drafts.map(({ beats }) => beats),
  );
  drafts.forEach(({ telling, beats }, i) => {
    const ours = bits[i] as number;
    if (telling.bits !== undefined && ours / byteLength(beats) >= telling.bits / byteLength(telling.beats))
      return;
    telling.beats = beats;
    telling.bits = ours;
  });
}

async function addDetails(
  tellings: readonly Telling[],
  vocabulary: ReadonlySet<string>,
  teacher: Teacher,
): Promise<void> {
  const places = tellings.flatMap((telling) => {
    const place = telling.wantsDetail ? placeForDetail(telling.beats, telling.random) : undefined;
    return place === undefined ? [] : [{ telling, place, seed: telling.random.below(2 ** 31) }];
  });
  if (places.length === 0) return;
  const heads = places.map(({ telling, place }) => telling.beats.slice(0, place + 1).join(' '));
  const sentences = await teacher.goOn(heads, CANDIDATES, places[0]?.seed ?? 0);
  const candidates = places.flatMap(({ telling, place }, i) =>
    [...new Set(sentences[i])]
      .filter((sentence) => suits(sentence, telling.beats.join(' '), vocabulary))
      .slice(0, MAX_JUDGED_CANDIDATES)
      .map((sentence) => ({
        telling,
        sentence,
        before: telling.bits ?? 0,
        beats: insert(telling.beats, place, sentence),
      })),
  );
  const bits = await bitsOf(
    teacher,
    candidates.map(({ beats }) => beats),
  );
  const best = new Map<Telling, number>();
  candidates.forEach(({ telling, sentence, before, beats }, i) => {
    const added = ((bits[i] as number) - before) / (Buffer.byteLength(sentence) + 1);
    if (added >= (best.get(telling) ?? MAX_DETAIL_BITS)) return;
    best.set(telling, added);
    Object.assign(telling, { beats, bits: bits[i], detail: sentence });
  });
}

const insert = (beats: readonly string[], place: number, sentence: string): string[] => [
  ...beats.slice(0, place + 1),
  sentence,
  ...beats.slice(place + 1),
];

const bitsOf = (teacher: Teacher, stories: readonly (readonly string[])[]): Promise<number[]> =>
  stories.length === 0 ? Promise.resolve([]) : teacher.bitsOf(stories.map((beats) => beats.join(' ')));

const byteLength = (beats: readonly string[]): number => Buffer.byteLength(beats.join(' '));
