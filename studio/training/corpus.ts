import { readFile } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { EngineError } from '../../src/errors.ts';
import { type Document, parseDocuments } from './documents.ts';
import { fieldOf, hasCode, isRecord } from '../../src/values.ts';

/** One file of the corpus, split in what is trained on and what is held out. */
export interface Source {
  readonly title: string;
  /** A book is one text whose end is held out. Of documents the last ones are held out. */
  readonly kind: 'book' | 'documents';
  readonly training: readonly Document[];
  readonly heldOut: readonly Document[];
  /** How often an epoch reads the training part: as often as the command names the file. */
  readonly times: number;
  /** Of the file manifest.json beside documents. */
  readonly manifest: CorpusManifest | undefined;
}

/**
 * Reads the files of a corpus: documents from `.jsonl` files, and a book from every other. The last `heldOutFraction` of
 * each is held out. A file that is named twice is one source that training reads twice.
 * @throws EngineError `config_invalid` naming the file, and the line of a bad document
 */
export async function readCorpus(paths: readonly string[], heldOutFraction: number): Promise<Source[]> {
  const times = new Map<string, number>();
  for (const path of paths) times.set(path, (times.get(path) ?? 0) + 1);
  return Promise.all([...times].map(([path, count]) => readSource(path, heldOutFraction, count)));
}

async function readSource(path: string, heldOutFraction: number, times: number): Promise<Source> {
  const text = await readText(path);
  if (extname(path) !== '.jsonl') return splitBook(titleOf(path), text, heldOutFraction, times);
  const documents = parseDocuments(path, text);
  const manifest = await readCorpusManifest(dirname(path));
  return { ...splitDocuments(titleOf(path), documents, heldOutFraction, times), manifest };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new EngineError('config_invalid', `cannot read the corpus file ${path}`, { cause });
  }
}

/** The held-out part of a book begins at a white space. */
export function splitBook(title: string, text: string, heldOutFraction: number, times = 1): Source {
  const earliest = Math.floor(text.length * (1 - heldOutFraction));
  const gap = text.slice(earliest).search(/\s/);
  const boundary = gap < 0 ? text.length : earliest + gap;
  return {
    title,
    kind: 'book',
    training: [text.slice(0, boundary)],
    heldOut: [text.slice(boundary)],
    times,
    manifest: undefined,
  };
}

/** The first document is trained on, whatever the fraction. */
export function splitDocuments(
  title: string,
  documents: readonly Document[],
  heldOutFraction: number,
  times = 1,
): Source {
  const boundary = Math.max(1, Math.floor(documents.length * (1 - heldOutFraction)));
  return {
    title,
    kind: 'documents',
    training: documents.slice(0, boundary),
    heldOut: documents.slice(boundary),
    times,
    manifest: undefined,
  };
}

/** `the-wind-in-the-willows.txt` -> `The Wind in the Willows`. */
export function titleOf(path: string): string {
  const small = new Set(['a', 'an', 'and', 'in', 'of', 'the']);
  const words = basename(path)
    .replace(/\.[^.]*$/, '')
    .split('-');
  return words
    .map((word, i) => (i > 0 && small.has(word) ? word : word.charAt(0).toUpperCase() + word.slice(1)))
    .join(' ');
}

/** What the maker of a corpus says of it. */
interface CorpusManifest {
  /** A sentence or two for the model card. */
  readonly description: string | undefined;
  /** Names of things that were counted, and how many there are. */
  readonly counts: ReadonlyMap<string, number>;
}

/**
 * `description` and the numbers of `counts` in the `manifest.json` of a directory; undefined where there is none.
 * @throws EngineError `config_invalid` for one that is not an object in JSON
 */
async function readCorpusManifest(directory: string): Promise<CorpusManifest | undefined> {
  const path = join(directory, 'manifest.json');
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return undefined;
    throw new EngineError('config_invalid', `${path} cannot be read as JSON`, { cause });
  }
  if (!isRecord(json)) throw new EngineError('config_invalid', `${path} must hold an object`);
  const description = fieldOf(json, 'description');
  const counts = Object.entries(fieldOf(json, 'counts') ?? {}).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number',
  );
  return {
    description: typeof description === 'string' ? description.trim() : undefined,
    counts: new Map(counts),
  };
}
