import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { collectDocuments, type Collection, type CollectOptions } from './collect.ts';

export interface MakeOptions extends Omit<CollectOptions, 'report'> {
  readonly out: string;
  readonly report: (line: string) => void;
}

/** Writes documents.jsonl and manifest.json. */
export async function make({ out, report, ...recipe }: MakeOptions): Promise<void> {
  await mkdir(out, { recursive: true });
  const collection = collectDocuments({
    ...recipe,
    report: (numTold) => {
      report(`${numTold} of ${recipe.count} documents`);
    },
  });
  const { documents, numWords } = collection;
  await writeFile(join(out, 'documents.jsonl'), documents.map((one) => `${JSON.stringify(one)}\n`).join(''));
  const manifest = JSON.stringify(manifestOf(collection, recipe), null, 2);
  await writeFile(join(out, 'manifest.json'), `${manifest}\n`);
  report(`${documents.length} documents of ${recipe.count}, ${numWords} words`);
}

function manifestOf(
  { documents, numWords, numStories, kinds, rejected }: Collection,
  { count, seed, echoShare }: Omit<CollectOptions, 'report'>,
): object {
  return {
    madeBy: 'npm run corpus -- make',
    recipe: { seed, echoShare },
    plans: count,
    documents: documents.length,
    kinds,
    words: numWords,
    stories: numStories,
    rejected,
    rejectedShare: Number((1 - documents.length / Math.max(count, 1)).toFixed(4)),
  };
}
