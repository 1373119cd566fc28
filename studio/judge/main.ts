import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { bitsOf } from './bits-of.ts';
import { withJudgement, withMeasures } from './card.ts';
import { measureModel, measureTable, shownAnswers } from './measure-model.ts';
import { wholeNumber } from '../../scripts/read-numbers.ts';
import { BEGINNINGS } from './prompts.ts';
import { readTexts, storiesIn } from './read-texts.ts';
import { sampleModel, type Sample } from './sample-model.ts';
import { tableOf, type Judged } from './table.ts';
import { figuresOf, runsIn } from './text-figures.ts';

/** `npm run judge`: how good a small model's texts are, by a larger model and by counting. studio/README.md says how. */

const USAGE = `npm run judge -- --judge FILE [--texts NAME=DIR] [--answers NAME=DIR] [--read NAME=FILE] ...
  --judge FILE        the model that reads, a GGUF file or a directory
  --texts NAME=DIR    a model that goes on with beginnings
  --answers NAME=DIR  a model that answers in chat
  --read NAME=FILE    texts to be read beside: a book, or documents.jsonl
  --corpus FILE       documents.jsonl: how many runs of eight words are of it
  --words FILE        a list of words, one a line, such as Debian's /usr/share/dict/words
  --seeds N           samples of each of 20 prompts (10)
  --samples FILE      where the samples go, as JSON
  --card FILE         a model card: its samples become those of the first models named, with the table before them

npm run judge -- --measure DIR [--card FILE] [--samples FILE] [--seed N]
  --measure DIR       a model that answers 200 prompts of the test set, which are counted as right or not
  --card FILE         a model card: gets the table and ten of the answers
  --seed N            chooses the ten (1)
`;

/** Twenty prompts with so many seeds wait in the service at once. */
const MAX_SEEDS = 50;

const { values } = parseArgs({
  options: {
    judge: { type: 'string' },
    texts: { type: 'string', multiple: true, default: [] },
    answers: { type: 'string', multiple: true, default: [] },
    read: { type: 'string', multiple: true, default: [] },
    corpus: { type: 'string' },
    words: { type: 'string' },
    seeds: { type: 'string', default: '10' },
    samples: { type: 'string' },
    card: { type: 'string' },
    measure: { type: 'string' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
});
const { judge, words, corpus, samples: samplesFile, card, measure } = values;
if (measure !== undefined) {
  await writeMeasures(measure);
  process.exit();
}
if (values.help || judge === undefined) {
  process.stderr.write(USAGE);
  process.exit(values.help ? 0 : 1);
}
const numSeeds = wholeNumber('seeds', values.seeds, 1, MAX_SEEDS);
const numRead = BEGINNINGS.length * numSeeds;
const wordList = words === undefined ? undefined : await readWords(words);
const knownRuns = corpus === undefined ? undefined : await runsOfCorpus(corpus);

const rows: Judged[] = [];
const drawn: Record<string, Sample[]> = {};
for (const kind of ['texts', 'answers'] as const) {
  for (const [name, model] of values[kind].map(named)) {
    const samples = await sampleModel({ model, kind, numSeeds });
    drawn[`${name}: ${kind}`] = samples;
    const ended = samples.filter(({ hasEnded }) => hasEnded).length / samples.length;
    rows.push(await judged(name, samples.map(({ text }) => text), ended)); // prettier-ignore
  }
}
for (const [name, file] of values.read.map(named)) {
  rows.push(await judged(name, await readTexts(file, numRead), undefined));
}
if (samplesFile !== undefined) await writeFile(samplesFile, `${JSON.stringify(drawn, null, 2)}\n`);
const table = tableOf(rows);
process.stdout.write(table);
if (card !== undefined) {
  const [texts = [], answers = []] = (['texts', 'answers'] as const).map((kind) => firstOf(kind) ?? []);
  await writeFile(card, withJudgement(await readFile(card, 'utf8'), { table, texts, answers }));
}

/** Samples of the first model of a kind. */
function firstOf(kind: 'texts' | 'answers'): Sample[] | undefined {
  const [first] = values[kind].map(named);
  return first && drawn[`${first[0]}: ${kind}`];
}

async function judged(name: string, texts: readonly string[], ended: number | undefined): Promise<Judged> {
  const figures = figuresOf(texts, { wordList, ...(knownRuns === undefined ? {} : { knownRuns }) });
  const bitsPerByte = await bitsOf(texts, judge ?? '');
  process.stderr.write(`${name}: ${bitsPerByte.toFixed(3)} bits per byte\n`);
  return { name, bitsPerByte, figures, ended };
}

function named(argument: string): [name: string, path: string] {
  const at = argument.indexOf('=');
  return at < 0 ? [argument, argument] : [argument.slice(0, at), argument.slice(at + 1)];
}

async function readWords(file: string): Promise<Set<string>> {
  return new Set((await readFile(file, 'utf8')).split('\n').map((word) => word.trim().toLowerCase()));
}

async function runsOfCorpus(file: string): Promise<Set<string>> {
  const runs = new Set<string>();
  for await (const text of storiesIn(file)) for (const run of runsIn([text])) runs.add(run);
  return runs;
}

/** Which answers to the test set are right, as a table, and in the card with ten of them. */
async function writeMeasures(model: string): Promise<void> {
  const seed = wholeNumber('seed', values.seed);
  const answers = await measureModel(model);
  if (samplesFile !== undefined) await writeFile(samplesFile, `${JSON.stringify(answers, null, 2)}\n`);
  const table = measureTable(answers);
  process.stdout.write(table);
  if (card === undefined) return;
  const text = await readFile(card, 'utf8');
  await writeFile(card, withMeasures(text, table, shownAnswers(answers, seed), seed));
}
