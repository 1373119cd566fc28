import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { dataHome } from '../../data-home.ts';
import { RUNTIME_NAMES } from '../traits.ts';
import { messageOf } from '../../values.ts';

/** What `RUNTIME=auto` measured and took, on disk: a machine that stays as it is is measured once. */

const figures = z.object({ promptMs: z.number(), stepMs: z.number(), stepOf8Ms: z.number() });
const keptChoice = z.object({
  /** The machine, its drivers and versions, and the model's shape: a choice holds for the very same. */
  key: z.string(),
  name: z.enum(RUNTIME_NAMES),
  /** Of the runtime that was taken; its driver's version is in it where it has one. */
  description: z.string(),
  device: z.string(),
  measuredAt: z.string(),
  candidates: z.array(z.object({ name: z.enum(RUNTIME_NAMES), figures })),
  refused: z.array(z.enum(RUNTIME_NAMES)),
});
export type KeptChoice = z.infer<typeof keptChoice>;

const MAX_KEPT = 32;

export const keptChoicesFile = (): string => join(dataHome(), 'tokenflare', 'runtimes.json');

/** @returns none where the file is missing or is not what this version writes: it is measured again then */
export async function readKeptChoices(file = keptChoicesFile()): Promise<KeptChoice[]> {
  try {
    return z.array(keptChoice).parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return [];
  }
}

/**
 * Adds a choice, in place of one with its key. Two processes that write at once lose one of the two.
 *
 * @returns why it could not be kept
 */
export async function keepChoice(choice: KeptChoice, file = keptChoicesFile()): Promise<string | undefined> {
  const others = (await readKeptChoices(file)).filter(({ key }) => key !== choice.key);
  const part = `${file}.${process.pid}`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(part, `${JSON.stringify([...others, choice].slice(-MAX_KEPT), null, 2)}\n`);
    await rename(part, file);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
