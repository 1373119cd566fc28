import { appendFile, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../../src/has-code.ts';
import type { ToldStory } from './tell-stories.ts';

/** A line of a part: the stories of a document. */
export interface PartLine {
  readonly index: number;
  readonly stories: readonly ToldStory[];
}

/** Documents whose stories are in one file. */
const PART_SIZE = 1000;
const PART = /^part-\d+\.jsonl$/;

const nameOf = (index: number): string =>
  `part-${String(Math.floor(index / PART_SIZE)).padStart(4, '0')}.jsonl`;

/** Adds lines to the parts that they belong to, behind a line end: the last line may be half of one. */
export async function appendLines(directory: string, lines: readonly PartLine[]): Promise<void> {
  await mkdir(directory, { recursive: true });
  const byPart = new Map<string, string>();
  for (const line of lines) {
    const name = nameOf(line.index);
    byPart.set(name, `${byPart.get(name) ?? '\n'}${JSON.stringify(line)}\n`);
  }
  for (const [name, text] of byPart) await appendFile(join(directory, name), text);
}

/** What is in the parts, by the number of the document. The last line of a run that was killed may be half a line. */
export async function readLines(directory: string): Promise<Map<number, PartLine>> {
  const lines = new Map<number, PartLine>();
  for (const name of (await namesIn(directory)).filter((one) => PART.test(one)).sort())
    for (const text of (await readFile(join(directory, name), 'utf8')).split('\n')) {
      const line = parse(text);
      if (line !== undefined) lines.set(line.index, line);
    }
  return lines;
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}

function parse(text: string): PartLine | undefined {
  try {
    return text === '' ? undefined : (JSON.parse(text) as PartLine);
  } catch {
    return undefined;
  }
}
