import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { EngineError } from '../errors.ts';

export interface Book {
  readonly title: string;
  readonly trainingText: string;
  /** The end of the book, which the model never sees in training. */
  readonly heldOutText: string;
}

/** Reads one book a file; a book's last `heldOutFraction`, from the next white space on, is held out. */
export async function readCorpus(paths: readonly string[], heldOutFraction: number): Promise<Book[]> {
  return Promise.all(
    paths.map(async (path) => {
      let text: string;
      try {
        text = await readFile(path, 'utf8');
      } catch (cause) {
        throw new EngineError('config_invalid', `cannot read the corpus file ${path}`, { cause });
      }
      return splitBook(titleOf(path), text, heldOutFraction);
    }),
  );
}

export function splitBook(title: string, text: string, heldOutFraction: number): Book {
  const earliest = Math.floor(text.length * (1 - heldOutFraction));
  const gap = text.slice(earliest).search(/\s/);
  const boundary = gap < 0 ? text.length : earliest + gap;
  return { title, trainingText: text.slice(0, boundary), heldOutText: text.slice(boundary) };
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
