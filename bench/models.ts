import { basename, join } from 'node:path';
import { tell } from './mode.ts';
import { CACHE, ROOT } from '../scripts/install-packages.ts';
import { GPT2_SMALL, makeRandomGpt2 } from '../scripts/random-gpt2.ts';

const EMBEDDED = join(ROOT, 'model-weights');
const RANDOM_GPT2_SMALL = join(CACHE, 'gpt2-small-random');

/** @param name `embedded`, `gpt2-small` (of random weights, made unless it is there), or a model directory */
export async function findModel(name: string): Promise<{ directory: string; label: string }> {
  if (name === 'embedded') return { directory: EMBEDDED, label: 'embedded' };
  if (name !== 'gpt2-small') return { directory: name, label: basename(name) };
  tell('making GPT-2 small of random weights, unless it is there');
  await makeRandomGpt2(RANDOM_GPT2_SMALL, GPT2_SMALL, EMBEDDED);
  return { directory: RANDOM_GPT2_SMALL, label: 'GPT-2 small, random' };
}
