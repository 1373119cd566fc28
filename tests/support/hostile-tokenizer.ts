import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJsonFixture } from './fixtures.ts';
import { tempDirectory } from './temp-directory.ts';

/** A text that the hostile tokenizer's pattern tries in 2^41 ways. */
export const HOSTILE_TEXT = `${'a'.repeat(41)}!`;

/** The tiny GPT-2's tokenizer.json with some fields changed, in a folder of its own. */
export function changedTokenizer(
  change: (json: Record<string, unknown>) => Record<string, unknown>,
  directory = tempDirectory(),
): string {
  const json = readJsonFixture('tiny-gpt2', 'tokenizer.json') as Record<string, unknown>;
  writeFileSync(join(directory, 'tokenizer.json'), JSON.stringify(change(json)));
  return directory;
}

/** GPT-2's tokenizer with a pattern that never ends on some texts. */
export function hostileTokenizer(directory?: string): string {
  const split = { type: 'Split', pattern: { Regex: '(a+)+$' }, behavior: 'Isolated', invert: false };
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, use_regex: false };
  const preTokenizer = { type: 'Sequence', pretokenizers: [split, byteLevel] };
  return changedTokenizer((json) => ({ ...json, pre_tokenizer: preTokenizer }), directory);
}
