import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tell } from './mode.ts';
import { GPT2_SMALL, makeRandomGpt2 } from '../scripts/random-gpt2.ts';

/** From dist/scripts, where this runs compiled. */
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const EMBEDDED = join(ROOT, 'model-weights');
const RANDOM_GPT2_SMALL = join(ROOT, 'node_modules/.cache/tokenflare/gpt2-small-random');

/** The checkout whose service modes start in a process of its own. */
export const CHECKOUT = ROOT;

/** @param name `embedded`, `gpt2-small` (of random weights, made unless it is there), or a model directory */
export async function findModel(name: string): Promise<{ directory: string; label: string }> {
  if (name === 'embedded') return { directory: EMBEDDED, label: 'embedded' };
  if (name !== 'gpt2-small') return { directory: name, label: basename(name) };
  tell('making GPT-2 small of random weights, unless it is there');
  await makeRandomGpt2(RANDOM_GPT2_SMALL, GPT2_SMALL, EMBEDDED);
  return { directory: RANDOM_GPT2_SMALL, label: 'GPT-2 small, random' };
}
