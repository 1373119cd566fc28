import { SETTINGS } from './settings.ts';

/** Shorter names are too often a word of another program: MODE, POST. */
const MIN_LENGTH = 5;

/**
 * Variables that are one letter from a setting, which nothing reads: `MAX_QUEUED_REQUEST`.
 * @returns the variable, and the setting that it looks like
 */
export function misspeltSettings(environment: NodeJS.ProcessEnv): { variable: string; setting: string }[] {
  const settings = Object.values(SETTINGS).map(({ env }): string => env);
  return Object.keys(environment).flatMap((variable) => {
    if (variable.length < MIN_LENGTH || settings.includes(variable)) return [];
    const setting = settings.find((name) => isOneLetterOff(variable, name));
    return setting === undefined ? [] : [{ variable, setting }];
  });
}

/** A letter too much, too few or another, or two that changed places. */
function isOneLetterOff(text: string, other: string): boolean {
  let start = 0;
  while (start < text.length && text[start] === other[start]) start++;
  const [a, b] = [text.slice(start), other.slice(start)];
  const isSwapped = a[0] === b[1] && a[1] === b[0] && a.slice(2) === b.slice(2);
  return isSwapped || a.slice(1) === b.slice(1) || a.slice(1) === b || a === b.slice(1);
}
