import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { PACKAGE_ROOT } from '../../src/package-root.ts';
import type { SeededRandom } from './random.ts';

/**
 * What a larger model pays for each phrasing, in bits per byte, by its key: `npm run corpus -- weigh` measures it once.
 * What has no figure, such as a phrasing that was edited since, counts as average.
 */
export type PhraseBits = Readonly<Record<string, readonly [uses: number, bitsPerByte: number]>>;

export interface Option {
  readonly value: string;
  readonly key: string;
}

/** How much rarer a phrasing becomes for each bit per byte that it costs more than its neighbours: decision 0071. */
export const BETA = 24;
/** Of its even share, what the dearest phrasing keeps: variety matters more than the last bit. */
const FLOOR = 0.25;
/** Uses at which the measured figure and the neighbours' mean count alike. */
const PRIOR_USES = 2;
const DIGEST_LENGTH = 6;

/** The groups that are neither a plot nor a slot. */
export const OPENING = 'opening';
export const IN_BRACKETS = 'or';

const digests = new Map<string, string>();

/** The name of an option in its group, which is a plot or a slot: another text has another name. */
export const keyOf = (group: string, option: string): string => `${group} ${digestOf(option)}`;

/** Each draw looks at all options of a beat, so their digests are kept: the templates are some thousands. */
function digestOf(option: string): string {
  const known = digests.get(option);
  if (known !== undefined) return known;
  const digest = createHash('sha256').update(option).digest('base64url').slice(0, DIGEST_LENGTH);
  digests.set(option, digest);
  return digest;
}

/** Draws an option, the cheap ones more often. */
export function pickCheap(options: readonly Option[], bits: PhraseBits, random: SeededRandom): Option {
  const shares = sharesOf(
    options.map(({ key }) => bits[key]),
    BETA,
  );
  let left = random.next();
  for (const [i, option] of options.entries()) {
    left -= shares[i] as number;
    if (left < 0) return option;
  }
  return random.pick(options);
}

/**
 * The share of each option: `exp(-beta * (bits - mean))`, then none below the floor.
 *
 * @returns shares that sum to 1
 */
export function sharesOf(figures: readonly (PhraseBits[string] | undefined)[], beta: number): number[] {
  const known = figures.filter((figure) => figure !== undefined);
  const mean = known.reduce((sum, [, bits]) => sum + bits, 0) / Math.max(known.length, 1);
  const weights = figures.map((figure) => {
    if (figure === undefined) return 1;
    const [uses, bits] = figure;
    return Math.exp((-beta * (bits - mean) * uses) / (uses + PRIOR_USES));
  });
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => FLOOR / weights.length + (1 - FLOOR) * (weight / sum));
}

/** The figures that are committed. */
export const PHRASE_BITS: PhraseBits = readPhraseBits();

function readPhraseBits(): PhraseBits {
  const text = readFileSync(new URL('studio/corpus/phrase-bits.json', PACKAGE_ROOT), 'utf8');
  return JSON.parse(text) as PhraseBits;
}
