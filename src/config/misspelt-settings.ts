import { SETTINGS } from './settings.ts';

/** Shorter names are too often a word of another program, as MODE and POST; not with two letters swapped, as PROT. */
const MIN_LENGTH = 5;
/** People put it before a setting's name. */
const PREFIX = 'TOKENFLARE_';

/**
 * Variables that are one letter from a setting, which nothing reads: `MAX_QUEUED_REQUEST`, `KEYFILE`, `TOKENFLARE_PORT`.
 * @returns the variable, and the setting that it looks like
 */
export function misspeltSettings(environment: NodeJS.ProcessEnv): { variable: string; setting: string }[] {
  const settings = Object.values(SETTINGS).map(({ env }): string => env);
  return Object.keys(environment).flatMap((variable) => {
    if (settings.includes(variable)) return [];
    const said = bare(variable.startsWith(PREFIX) ? variable.slice(PREFIX.length) : variable);
    const isLike = said.length < MIN_LENGTH ? isSwapped : isOneLetterOff;
    const setting = settings.find((name) => bare(name) === said || isLike(said, bare(name)));
    return setting === undefined ? [] : [{ variable, setting }];
  });
}

const bare = (name: string): string => name.replaceAll('_', '');

/** A letter too much, too few or another, or two that changed places. */
function isOneLetterOff(text: string, other: string): boolean {
  const [a, b] = whereTheyDiffer(text, other);
  return isSwapped(text, other) || a.slice(1) === b.slice(1) || a.slice(1) === b || a === b.slice(1);
}

function isSwapped(text: string, other: string): boolean {
  const [a, b] = whereTheyDiffer(text, other);
  return a.length > 1 && a[0] === b[1] && a[1] === b[0] && a.slice(2) === b.slice(2);
}

function whereTheyDiffer(text: string, other: string): [string, string] {
  let start = 0;
  while (start < text.length && text[start] === other[start]) start++;
  return [text.slice(start), other.slice(start)];
}
