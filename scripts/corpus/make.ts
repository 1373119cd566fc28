import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256OfFile } from '../../src/catalog/file-hash.ts';
import { EngineError } from '../../src/errors.ts';
import { hasCode } from '../../src/has-code.ts';
import { collectDocuments, type Collection } from './collect.ts';
import { planDocument, type DocumentPlan } from './document.ts';
import { appendLines, readLines, type PartLine } from './parts.ts';
import { SeededRandom } from './random.ts';
import { createTeacher, type Teacher } from './teacher.ts';
import { tellStories, type ToldStory } from './tell-stories.ts';
import { corpusVocabulary } from './vocabulary.ts';

export interface MakeOptions {
  readonly out: string;
  /** Documents that are planned; fewer are left after the filters. */
  readonly count: number;
  readonly seed: number;
  /** Of the documents that are echoes. */
  readonly echoShare: number;
  /** The teacher; without one the machine tells all stories alone. */
  readonly model?: string | undefined;
  readonly numDrafts: number;
  readonly judgedShare: number;
  readonly detailShare: number;
  /** Documents whose stories are told at once. */
  readonly batch: number;
  readonly threads?: number | undefined;
  readonly report: (line: string) => void;
}

/** What all parts of a directory were made with. */
interface Recipe {
  readonly seed: number;
  readonly echoShare: number;
  /** SHA-256 of the teacher's file. */
  readonly model: string | null;
  readonly numDrafts: number;
  readonly judgedShare: number;
  readonly detailShare: number;
}

const RECIPE = 'recipe.json';
const REPORT_EVERY_MS = 30_000;

/** Tells what is not yet in the directory's parts, and writes documents.jsonl and manifest.json when all is there. */
export async function make(options: MakeOptions, signal: AbortSignal): Promise<void> {
  const { out, count, seed, echoShare, model, numDrafts, judgedShare, detailShare } = options;
  await mkdir(out, { recursive: true });
  const digest = model === undefined ? null : await sha256OfFile(model, () => undefined);
  const recipe: Recipe = { seed, echoShare, model: digest, numDrafts, judgedShare, detailShare };
  await checkRecipe(out, recipe);
  const lines = await readLines(out);
  const plans = Array.from({ length: count }, (_, index) => index)
    .filter((index) => !lines.has(index))
    .map((index) => planDocument(seed, index, echoShare));
  if (plans.length > 0) {
    const teacher = model === undefined ? undefined : await createTeacher({ ...options, model });
    try {
      for await (const line of tell(plans, options, teacher, signal)) lines.set(line.index, line);
    } finally {
      await teacher?.close();
    }
  }
  if (signal.aborted) return;
  const wanted = [...lines.values()].filter(({ index }) => index < count);
  const collection = collectDocuments(wanted, seed, echoShare);
  await writeFile(
    join(out, 'documents.jsonl'),
    collection.documents.map((one) => `${JSON.stringify(one)}\n`).join(''),
  );
  await writeFile(
    join(out, 'manifest.json'),
    `${JSON.stringify(manifestOf(collection, recipe, count), null, 2)}\n`,
  );
  options.report(`${collection.documents.length} documents of ${count} plans, ${collection.numWords} words`);
}

async function* tell(
  plans: readonly DocumentPlan[],
  options: MakeOptions,
  teacher: Teacher | undefined,
  signal: AbortSignal,
): AsyncGenerator<PartLine> {
  const { batch, out, report } = options;
  const telling = { ...options, vocabulary: corpusVocabulary() };
  const startMs = performance.now();
  let reportedMs = startMs;
  let numWords = 0;
  for (let start = 0; start < plans.length && !signal.aborted; start += batch) {
    const some = plans.slice(start, start + batch);
    const told = await tellStories(
      some.flatMap(({ stories, seed }) => {
        const random = new SeededRandom(seed);
        return stories.map((plan) => ({ plan, seed: random.seed() }));
      }),
      telling,
      teacher,
    );
    const lines = share(some, told);
    await appendLines(out, lines);
    yield* lines;
    numWords += told.reduce((sum, { text }) => sum + text.split(/\s+/).length, 0);
    const nowMs = performance.now();
    if (nowMs - reportedMs < REPORT_EVERY_MS) continue;
    reportedMs = nowMs;
    const rate = (numWords / (nowMs - startMs)) * 1000;
    report(`${start + some.length} of ${plans.length} documents, ${rate.toFixed(0)} words/s`);
  }
}

/** Gives each document its stories. */
function share(plans: readonly DocumentPlan[], told: readonly ToldStory[]): PartLine[] {
  let next = 0;
  return plans.map(({ index, stories }) => ({ index, stories: told.slice(next, (next += stories.length)) }));
}

/** Parts of another recipe must not be mixed with these. */
async function checkRecipe(out: string, recipe: Recipe): Promise<void> {
  const file = join(out, RECIPE);
  const text = `${JSON.stringify(recipe, null, 2)}\n`;
  try {
    const before = await readFile(file, 'utf8');
    if (before === text) return;
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
    await writeFile(file, text);
    return;
  }
  throw new EngineError(
    'config_invalid',
    `${file} was made with other options; give them again or choose another --out`,
  );
}

function manifestOf(collection: Collection, recipe: Recipe, count: number): object {
  const { documents, numWords, rejected, kinds, numStories, numJudged, numDetails, meanBitsPerByte } =
    collection;
  return {
    madeBy: 'npm run corpus -- make',
    recipe,
    plans: count,
    documents: documents.length,
    kinds,
    words: numWords,
    stories: {
      told: numStories,
      judgedByTeacher: numJudged,
      withDetailOfTeacher: numDetails,
      meanBitsPerByte,
    },
    rejected,
    rejectedShare: Number((1 - documents.length / Math.max(count, 1)).toFixed(4)),
  };
}
